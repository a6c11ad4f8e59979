using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Cli.Output;
using Ryuso.Json;
using Ryuso.Cli.Plans;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Cli.Calls;

/// <summary>Turns <c>name=value</c> into JSON of the type that the program wants.</summary>
internal static class PoolArguments
{
    /// <summary>The pool; <c>-</c> stands for a JSON object from the standard input, over which named values win.</summary>
    public static async Task<JsonObject> ReadAsync(IReadOnlyCollection<string> given, ProgramModel program, Terminal terminal, CancellationToken cancel)
    {
        JsonObject pool = given.Contains("-") ? ReadPool(await Task.Run(terminal.In.ReadToEnd, cancel).WaitAsync(cancel)) : [];
        foreach (string argument in given.Where(a => a != "-"))
        {
            (string name, string text) = Split(argument);
            if (program.Args.FirstOrDefault(a => a.Name == name) is { } arg)
            {
                pool[name] = Typed(arg, text);
            }
            else
            {
                string suggestion = NearestName.DidYouMean(name, program.Args.Select(a => a.Name));
                terminal.Error.WriteLine($"ryuso: '{program.Name}' has no argument '{name}'.{suggestion} It goes into the pool all the same.");
                pool[name] = Untyped(text);
            }
        }

        return pool;
    }

    /// <summary>Metadata has no declared types.</summary>
    public static JsonObject Metadata(IEnumerable<string> given)
    {
        var metadata = new JsonObject();
        foreach ((string name, string text) in given.Select(Split))
        {
            metadata[name] = Untyped(text);
        }

        return metadata;
    }

    private static (string Name, string Text) Split(string argument) => argument.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
        ? (argument[..at], argument[(at + 1)..])
        : throw new UsageException($"'{argument}' is no argument. Write name=value, or - for a JSON object from the standard input.");

    private static JsonNode? Typed(ArgModel arg, string text) => arg.Type switch
    {
        SpecType.String => text,
        SpecType.Int => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : throw Wrong(arg, text),
        SpecType.Float => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : throw Wrong(arg, text),
        SpecType.Bool => text switch
        {
            "true" => true,
            "false" => false,
            _ => throw Wrong(arg, text),
        },
        SpecType.List => Json(text) as JsonArray ?? throw Wrong(arg, text),
        _ => Json(text) as JsonObject ?? throw Wrong(arg, text),
    };

    /// <summary>JSON where it is JSON, otherwise the text.</summary>
    private static JsonNode? Untyped(string text) => Json(text) ?? text;

    private static JsonNode? Json(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: JsonDepth.Reading);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonObject ReadPool(string text) => Json(text) as JsonObject ?? throw new UsageException("The standard input is no JSON object.");

    private static UsageException Wrong(ArgModel arg, string text)
    {
        string example = arg.Type switch
        {
            SpecType.Int => "12",
            SpecType.Float => "1.5",
            SpecType.Bool => "true",
            SpecType.List => "'[1, 2]'",
            _ => "'{\"key\": 1}'",
        };
        return new UsageException($"'{arg.Name}' is of type {ArgText.Type(arg.Type)}, and '{text}' is not. Write {arg.Name}={example}, for example.");
    }
}
