using System.Reflection;

namespace Ryuso.Package.Tests;

/// <summary>What the build of these tests knew.</summary>
internal static class Build
{
    private static readonly Assembly s_tests = typeof(Build).Assembly;

    public static string Configuration { get; } = s_tests.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    /// <summary>The version of a package that this solution uses.</summary>
    public static string VersionOf(string package) =>
        s_tests.GetCustomAttributes<AssemblyMetadataAttribute>().Single(fact => fact.Key == package).Value!;
}
