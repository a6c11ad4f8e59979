using Ryuso.Journal.Tests.Memory;

namespace Ryuso.Journal.Tests;

/// <summary>Two runs on two keys, through every order of their steps and a crash at every moment of either.</summary>
public sealed class TwoRunsTests
{
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    public void Runs_side_by_side_keep_their_promises_through_crashes_at_every_moment_of_either(bool getsStuck, int crashes)
    {
        var two = new TwoRuns(getsStuck);
        two.Explore(LongForm.IsOn ? crashes + 1 : crashes);
        TestContext.Current.TestOutputHelper!.WriteLine($"{two.Lives} lives");
        Assert.InRange(two.Lives, 1000, int.MaxValue);
    }
}
