using System.Reflection;
using Ryuso.Spec;

namespace Ryuso.Tests;

public sealed class EngineNamesTests
{
    [Fact]
    public void The_compiler_and_the_runtime_know_the_same_names_of_the_engine()
    {
        IEnumerable<string> runtime = typeof(MagicNames).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!);
        Assert.Equal(EngineNames.All.Order(), runtime.Order());
        Assert.All(EngineNames.All, name => Assert.True(MagicNames.IsEngineOwned(name)));
    }
}
