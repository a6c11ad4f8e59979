using Ryuso.TestKit;

namespace Ryuso.Package.Tests;

/// <summary>A folder of projects outside the repository that know Ryuso only as a package.</summary>
internal sealed class Consumer : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public Consumer(PackedRyuso package)
    {
        Write("nuget.config", $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="packed" value="{package.Feed}" />
                <add key="nuget.org" value="https://api.nuget.org/v3/index.json" />
              </packageSources>
              <packageSourceMapping>
                <packageSource key="packed"><package pattern="Ryuso" /><package pattern="Ryuso.*" /></packageSource>
                <packageSource key="nuget.org"><package pattern="*" /></packageSource>
              </packageSourceMapping>
            </configuration>
            """);
        Write("Directory.Build.props", """
            <Project>
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <GenerateDocumentationFile>true</GenerateDocumentationFile>
                <NoWarn>$(NoWarn);CS1591</NoWarn>
              </PropertyGroup>
            </Project>
            """);
        Reference = $"""<PackageReference Include="Ryuso" Version="{package.Version}" />""";
    }

    /// <summary>The property of a project that can be started.</summary>
    public const string Executable = "<OutputType>Exe</OutputType>";

    /// <summary>The one line by which a project gets Ryuso.</summary>
    public string Reference { get; }

    public string File(string path) => _folder.File(path);

    public void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File(path))!);
        System.IO.File.WriteAllText(File(path), text);
    }

    public void Copy(string from, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File(path))!);
        System.IO.File.Copy(from, File(path));
    }

    /// <summary>Writes a project with properties, if it needs any, and items.</summary>
    public void WriteProject(string path, string properties, params string[] items) => Write(path, $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>{properties}</PropertyGroup>
          <ItemGroup>{string.Join('\n', items)}</ItemGroup>
        </Project>
        """);

    /// <summary>The README's shop: its spec and its hooks, as they stand there.</summary>
    public void WriteShop(string folder)
    {
        Write($"{folder}/ryu_spec.json", Readme.Block("A spec", "json"));
        Write($"{folder}/Desk.cs", Readme.Block("Its hooks", "csharp"));
    }

    public async Task BuildAsync(string project)
    {
        Command built = await DotnetAsync("build", project);
        Assert.True(built.ExitCode == 0, built.Output + built.Error);
        Assert.Contains("0 Warning(s)", built.Output, StringComparison.Ordinal);
    }

    /// <summary>Runs the SDK in a time that is bounded, and leaves no process behind.</summary>
    public Task<Command> DotnetAsync(string verb, string project, params string[] more) =>
        Command.RunAsync("dotnet", [verb, File(project), "-p:Configuration=Release", "-nodeReuse:false", "-p:UseSharedCompilation=false", .. more], seconds: 480);

    public string PathOfBuilt(string project) => File($"{project}/bin/Release/net10.0/{project}");

    public void Dispose() => _folder.Dispose();
}
