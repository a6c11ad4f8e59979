using Ryuso.TestKit;

namespace Ryuso.Package.Tests;

/// <summary>The template as a new user has it: installed from a feed, in a hive of its own.</summary>
internal sealed class Template(PackedRyuso package, Consumer consumer)
{
    public async Task CreateAsync(string name, params string[] options)
    {
        UseFeed();
        await DotnetAsync("", "new", "install", consumer.File($"feed/Ryuso.Templates.{package.Version}.nupkg"), "--debug:custom-hive", consumer.File("hive"));
        await DotnetAsync("", ["new", "ryuso", "-n", name, .. options, "--debug:custom-hive", consumer.File("hive")]);
    }

    private void UseFeed()
    {
        foreach (string nupkg in Directory.EnumerateFiles(package.Feed, "*.nupkg"))
        {
            consumer.Copy(nupkg, $"feed/{Path.GetFileName(nupkg)}");
        }

        consumer.Write("nuget.config", """
            <configuration>
              <packageSources><clear /><add key="packed" value="feed" /><add key="nuget.org" value="https://api.nuget.org/v3/index.json" /></packageSources>
              <packageSourceMapping>
                <packageSource key="packed"><package pattern="Ryuso" /><package pattern="Ryuso.*" /></packageSource>
                <packageSource key="nuget.org"><package pattern="*" /></packageSource>
              </packageSourceMapping>
            </configuration>
            """);
    }

    /// <summary>In a folder, as the README's commands are.</summary>
    public async Task<Command> DotnetAsync(string folder, params string[] args)
    {
        string line = string.Join(' ', args.Prepend("dotnet").Select(a => $"'{a}'"));
        Command done = await Command.RunAsync("sh", ["-c", $"cd '{consumer.File(folder)}' && {line}"], new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1" }, seconds: 480);
        Assert.True(done.ExitCode == 0, done.Output + done.Error);
        return done;
    }
}
