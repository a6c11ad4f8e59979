using System.Reflection;
using PublicApiGenerator;

namespace Ryuso.Tests;

public sealed class PublicApiTests
{
    [Theory]
    [InlineData("Ryuso", "PublicApi")]
    [InlineData("Ryuso.Testing", "PublicApi.Testing")]
    [InlineData("Ryuso.Sqlite", "PublicApi.Sqlite")]
    [InlineData("Ryuso.PostgreSql", "PublicApi.PostgreSql")]
    [InlineData("Ryuso.Hosting", "PublicApi.Hosting")]
    [InlineData("Ryuso.AspNetCore", "PublicApi.AspNetCore")]
    public void The_public_surface_is_the_approved_one(string assembly, string file)
    {
        string actual = Assembly.Load(assembly).GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false, DenyNamespacePrefixes = [] });
        string approved = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, $"{file}.verified.txt"));
        if (Lines(actual) != Lines(approved))
        {
            string received = Path.Combine(AppContext.BaseDirectory, $"{file}.received.txt");
            File.WriteAllText(received, Lines(actual) + "\n");
            Assert.Fail($"The public surface has changed. If that is meant, review it with:\ndiff tests/Ryuso.Tests/{file}.verified.txt {received}\nand copy the latter over the former.");
        }
    }

    private static string Lines(string text) => text.ReplaceLineEndings("\n").TrimEnd();
}
