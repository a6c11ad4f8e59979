using System.Reflection;
using Ryuso.Values;
using ReservedNames = Ryuso.Values.ReservedNames;
using SpecNames = Ryuso.Spec.Model.ReservedNames;

namespace Ryuso.Tests;

public sealed class EngineNamesTests
{
    [Fact]
    public void The_compiler_and_the_runtime_know_the_same_names_of_the_engine()
    {
        IEnumerable<string> runtime = typeof(ReservedNames).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!);
        Assert.Equal(SpecNames.All.Order(), runtime.Order());
        Assert.All(SpecNames.All, name => Assert.True(ReservedNames.IsEngineOwned(name)));
    }
}
