using System.Reflection;
using System.Text.RegularExpressions;
using Ryuso.TestKit;

namespace Ryuso.Testing.Tests;

/// <summary>The package's own readme: its code runs over the wallet.</summary>
public sealed partial class ReadmeTests
{
    private static readonly (string Language, string Code)[] s_blocks =
        [.. Fence().Matches(File.ReadAllText(Repository.File("src/Ryuso.Testing/README.md"))).Select(m => (m.Groups[1].Value, m.Groups[2].Value))];

    [Fact]
    public async Task Its_tests_pass()
    {
        Assert.Equal(["csharp", "csharp"], s_blocks.Select(b => b.Language));
        Assembly wallet = new WalletCopy()
            .Add("Transfer.cs", s_blocks[0].Code)
            .Add("Faults.cs", $$"""
                using Ryuso.Testing;
                namespace Ryuso.Samples.Tests;
                public sealed partial class WalletTests
                {
                    public async Task Faults()
                    {
                        var withdraw = s_programs["withdraw"];
                        {{s_blocks[1].Code}}
                    }
                }
                """)
            .With("public sealed class WalletTests", "public sealed partial class WalletTests")
            .Compile();

        MethodInfo[] tests = [.. wallet.GetType("TransferTests", throwOnError: true)!.GetMethods().Where(m => m.GetCustomAttribute<FactAttribute>() is not null),
            wallet.GetType("Ryuso.Samples.Tests.WalletTests", throwOnError: true)!.GetMethod("Faults")!];
        foreach (MethodInfo test in tests)
        {
            await (Task)test.Invoke(Activator.CreateInstance(test.DeclaringType!), null)!;
        }

        Assert.Equal(5, tests.Length);
    }

    [GeneratedRegex(@"^ *```(\w*)\n(.*?)^ *```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
