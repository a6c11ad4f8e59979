using System.Text.RegularExpressions;
using System.Xml.Linq;
using Ryuso.TestKit;

namespace Ryuso.Tests;

/// <summary>What holds of each shipped package: its surface is approved, and it uses nothing of another that is not public.</summary>
public sealed partial class PackagesTests
{
    // The compiler's part stands in the package Ryuso itself, whose parts may know one another.
    private static readonly string[] s_partsOfRyuso = ["Ryuso", "Ryuso.Spec", "Ryuso.Generator", "Ryuso.CodeFixes"];

    private static readonly (string Name, XDocument Project)[] s_projects =
    [
        .. Directory.EnumerateDirectories(Repository.File("src"))
            .Select(folder => Path.Combine(folder, Path.GetFileName(folder) + ".csproj"))
            .Where(File.Exists)
            .Select(file => (Path.GetFileNameWithoutExtension(file), XDocument.Load(file))),
    ];

    [Fact]
    public void Packages_show_their_internals_to_tests_only()
    {
        string[] tests = [.. Directory.EnumerateDirectories(Repository.File("tests")).Select(folder => Path.GetFileName(folder)!)];
        string[] shown =
        [
            .. from project in s_projects
               from friend in Friends(project.Name, project.Project)
               where !tests.Contains(friend) && !(s_partsOfRyuso.Contains(project.Name) && s_partsOfRyuso.Contains(friend))
               select $"{project.Name} shows its internals to {friend}",
        ];
        Assert.True(shown.Length == 0, string.Join('\n', shown));
        Assert.Contains("Ryuso.Tests", Friends("Ryuso", s_projects.Single(project => project.Name == "Ryuso").Project));
    }

    [Fact]
    public void Every_library_that_is_packed_has_an_approved_surface()
    {
        string[] missing =
        [
            .. from project in s_projects
               where Says(project.Project, "IsPackable") && !Says(project.Project, "PackAsTool") && !Says(project.Project, "ContentTargetFolders", "content")
               let file = $"PublicApi{project.Name["Ryuso".Length..]}.verified.txt"
               where !File.Exists(Repository.File($"tests/Ryuso.Tests/{file}"))
               select $"{project.Name} has no tests/Ryuso.Tests/{file}; name it in PublicApiTests, and copy what that test received",
        ];
        Assert.True(missing.Length == 0, string.Join('\n', missing));
    }

    private static IEnumerable<string> Friends(string name, XDocument project) =>
        project.Descendants("InternalsVisibleTo").Select(friend => (string)friend.Attribute("Include")!)
            .Concat(from file in Directory.EnumerateFiles(Repository.File($"src/{name}"), "*.cs", SearchOption.AllDirectories)
                    where !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)
                    from Match match in FriendAttribute().Matches(File.ReadAllText(file))
                    select match.Groups[1].Value);

    private static bool Says(XDocument project, string property, string value = "true") => project.Descendants(property).Any(element => element.Value == value);

    [GeneratedRegex("""assembly: *InternalsVisibleTo\("([^",]+)""")]
    private static partial Regex FriendAttribute();
}
