using System.Globalization;
using System.IO.Compression;
using Ryuso.Package.Tests;
using Ryuso.Tests.Shared;

[assembly: AssemblyFixture(typeof(PackedRyuso))]

namespace Ryuso.Package.Tests;

/// <summary>The package, made once for all tests from what is built, in a feed of its own.</summary>
/// <remarks>Its version is new each time, so that no cache can answer with an older package.</remarks>
public sealed class PackedRyuso : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    public string Version { get; } = string.Create(CultureInfo.InvariantCulture, $"0.0.1-test.{DateTime.UtcNow:yyyyMMddHHmmssfff}");

    /// <summary>Where this machine unpacks packages.</summary>
    public static string Unpacked { get; } = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    public string Feed => _folder.FullPath;

    public async ValueTask InitializeAsync()
    {
        Command packed = await Command.RunAsync(
            "dotnet",
            ["pack", Repository.File("src/Ryuso/Ryuso.csproj"), "--no-build", "-c", Build.Configuration, "-o", Feed, $"-p:PackageVersion={Version}", "-nodeReuse:false"],
            seconds: 120);
        Assert.True(packed.ExitCode == 0, packed.Output + packed.Error);
    }

    public ZipArchive Open(string extension = "nupkg") => ZipFile.OpenRead(_folder.File($"Ryuso.{Version}.{extension}"));

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        string unpacked = Path.Combine(Unpacked, "ryuso", Version);
        if (Directory.Exists(unpacked))
        {
            Directory.Delete(unpacked, recursive: true);
        }

        return ValueTask.CompletedTask;
    }
}
