using System.Globalization;
using System.IO.Compression;
using Ryuso.Package.Tests;
using Ryuso.TestKit;

[assembly: AssemblyFixture(typeof(PackedRyuso))]

namespace Ryuso.Package.Tests;

/// <summary>The packages, made once for all tests from what is built, in a feed of their own.</summary>
/// <remarks>Their version is new each time, so that no cache can answer with an older package.</remarks>
public sealed class PackedRyuso : IAsyncLifetime
{
    private static readonly string[] s_packages = ["Ryuso", "Ryuso.Hosting", "Ryuso.Sqlite", "Ryuso.Templates", "Ryuso.Testing"];
    private readonly TemporaryFolder _folder = new();

    public string Version { get; } = string.Create(CultureInfo.InvariantCulture, $"0.0.1-test.{DateTime.UtcNow:yyyyMMddHHmmssfff}");

    /// <summary>Where this machine unpacks packages.</summary>
    private static string Unpacked { get; } = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    public string Feed => _folder.FullPath;

    public async ValueTask InitializeAsync()
    {
        foreach (string name in s_packages)
        {
            Command packed = await Command.RunAsync(
                "dotnet",
                ["pack", Repository.File($"src/{name}/{name}.csproj"), "--no-build", "-c", Build.Configuration, "-o", Feed, $"-p:PackageVersion={Version}", "-nodeReuse:false"],
                seconds: 120);
            Assert.True(packed.ExitCode == 0, packed.Output + packed.Error);
        }
    }

    public ZipArchive Open(string extension = "nupkg", string name = "Ryuso") => ZipFile.OpenRead(_folder.File($"{name}.{Version}.{extension}"));

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        foreach (string unpacked in s_packages.Select(name => Path.Combine(Unpacked, name.ToLowerInvariant(), Version)).Where(Directory.Exists))
        {
            Directory.Delete(unpacked, recursive: true);
        }

        return ValueTask.CompletedTask;
    }
}
