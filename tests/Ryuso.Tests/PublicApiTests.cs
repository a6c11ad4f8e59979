using PublicApiGenerator;

namespace Ryuso.Tests;

public sealed class PublicApiTests
{
    [Fact]
    public void The_public_surface_is_the_approved_one()
    {
        string actual = typeof(Orchestrator).Assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false });
        string approved = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "PublicApi.verified.txt"));
        if (Lines(actual) != Lines(approved))
        {
            string received = Path.Combine(AppContext.BaseDirectory, "PublicApi.received.txt");
            File.WriteAllText(received, Lines(actual) + "\n");
            Assert.Fail($"The public surface has changed. If that is meant, review it with:\ndiff tests/Ryuso.Tests/PublicApi.verified.txt {received}\nand copy the latter over the former.");
        }
    }

    private static string Lines(string text) => text.ReplaceLineEndings("\n").TrimEnd();
}
