using System.Globalization;
using Microsoft.CodeAnalysis.CSharp;
using Ryuso.Spec.Model;

namespace Ryuso.Generator.Emit;

/// <summary>C# texts that every emitter needs.</summary>
internal static class CSharp
{
    public const string JsonArray = "global::System.Text.Json.Nodes.JsonArray";
    public const string JsonObject = "global::System.Text.Json.Nodes.JsonObject";
    public const string JsonNode = "global::System.Text.Json.Nodes.JsonNode";
    public const string HookResult = "global::Ryuso.HookResult";

    public static readonly string GeneratedCode =
        $"[global::System.CodeDom.Compiler.GeneratedCode(\"Ryuso\", \"{typeof(CSharp).Assembly.GetName().Version.ToString(3)}\")]";

    public static string Type(SpecType type) => type switch
    {
        SpecType.String => "string",
        SpecType.Int => "long",
        SpecType.Float => "double",
        SpecType.Bool => "bool",
        SpecType.List => JsonArray,
        _ => JsonObject,
    };

    public static bool IsValueType(SpecType type) => type is SpecType.Int or SpecType.Float or SpecType.Bool;

    /// <summary>An argument's type in a record: nullable where it may be absent and nothing stands in for it.</summary>
    public static string Type(ArgModel arg) => Type(arg.Type) + (IsNullable(arg) ? "?" : "");

    public static bool IsNullable(ArgModel arg) => !arg.Required && arg.Default is null;

    public static string Text(string? text) => text is null ? "null" : SymbolDisplay.FormatLiteral(text, quote: true);

    public static string Bool(bool value) => value ? "true" : "false";

    /// <summary>A default as an expression. Lists and dicts are made anew each time, since they can be changed.</summary>
    public static string Default(ArgModel arg) => arg.Type switch
    {
        SpecType.String => Text(JsonText.Unquote(arg.Default!)),
        SpecType.Int => arg.Default == "-9223372036854775808" ? "long.MinValue" : arg.Default + "L",
        SpecType.Float => double.Parse(arg.Default, NumberStyles.Float, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture) + "d",
        SpecType.Bool => arg.Default!,
        SpecType.List => $"({JsonArray}){JsonNode}.Parse({Text(arg.Default)})!",
        _ => $"({JsonObject}){JsonNode}.Parse({Text(arg.Default)})!",
    };
}
