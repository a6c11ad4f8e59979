using System.Text.RegularExpressions;
using Ryuso.TestKit;

namespace Ryuso.Package.Tests;

/// <summary>The README's code blocks, so that what it shows is what the tests run.</summary>
internal static partial class Readme
{
    /// <summary>The languages of all of a file's blocks.</summary>
    public static IEnumerable<string> Languages(string file = "README.md") => Fence().Matches(File.ReadAllText(Repository.File(file))).Select(block => block.Groups[2].Value);

    /// <summary>The nth block of a language below a heading.</summary>
    public static string Block(string heading, string language, int index = 0) => Block("README.md", heading, language, index);

    public static string Block(string file, string heading, string language, int index)
    {
        string text = File.ReadAllText(Repository.File(file));
        Match section = Regex.Match(text, $@"^#+ {Regex.Escape(heading)}\n(.*?)(?=^#+ |\z)", RegexOptions.Multiline | RegexOptions.Singleline);
        Match[] blocks = [.. Fence().Matches(section.Groups[1].Value).Where(block => block.Groups[2].Value == language)];
        Assert.True(blocks.Length > index, $"{file} has no {language} block {index} below '{heading}'.");

        // A block inside a list is indented.
        string indent = blocks[index].Groups[1].Value;
        return string.Join('\n', blocks[index].Groups[3].Value.Split('\n').Select(line => line.StartsWith(indent, StringComparison.Ordinal) ? line[indent.Length..] : line));
    }

    /// <summary>The first inline code of the README that begins so.</summary>
    public static string Inline(string beginning) =>
        Regex.Match(File.ReadAllText(Repository.File("README.md")), $"`({Regex.Escape(beginning)}[^`]*)`") is { Success: true } code
            ? code.Groups[1].Value
            : throw new InvalidOperationException($"The README has no inline code that begins with {beginning}.");

    [GeneratedRegex(@"^( *)```(\w*)\n(.*?)^ *```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
