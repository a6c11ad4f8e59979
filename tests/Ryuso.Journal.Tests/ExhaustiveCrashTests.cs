using Ryuso.Journal.Tests.Memory;
using Ryuso.Testing;

namespace Ryuso.Journal.Tests;

/// <summary>
/// All small programs, ended at every moment, recovered, ended again, and held to what durability promises. A life is one
/// start of a process, ended at one moment or at none; lives that begin in the same state with no more crashes to come are run once.
/// </summary>
public sealed class ExhaustiveCrashTests
{
    [Theory]
    [InlineData(1, 3, 1, 20, 13514)]
    [InlineData(2, 2, 1, 288, 62418)]
    [InlineData(3, 1, 1, 2992, 107355)]
    [InlineData(3, 3, 251, 12, 8379)]
    [InlineData(4, 1, 61, 423, 18862)]
    [InlineData(4, 3, 2003, 13, 26020)]
    public void Every_small_program_keeps_its_promises_through_crashes_at_every_moment(int steps, int crashes, int stride, int programs, int lives) =>
        Assert.Equal((programs, lives), Explore(SmallProgram.All(steps).Where((_, i) => i % stride == 0), crashes));

    /// <summary>With <c>RYUSO_LONG_TESTS=1</c> every program of up to four steps through three crashes: some hours.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void In_the_long_form_every_small_program_keeps_its_promises_through_three_crashes(int steps)
    {
        int stride = LongForm.IsOn ? 1 : 4999;
        (int programs, int lives) = Explore(SmallProgram.All(steps).Where((_, i) => i % stride == 0), crashes: 3);
        TestContext.Current.TestOutputHelper!.WriteLine($"{programs} programs of {steps} steps, {lives} lives");
        Assert.InRange(lives, programs, int.MaxValue);
    }

    private static (int Programs, int Lives) Explore(IEnumerable<SmallProgram> programs, int crashes)
    {
        int ran = 0, lives = 0;
        foreach (SmallProgram program in programs)
        {
            var explorer = new Explorer(program, (disk, crash) => new MemoryJournal(disk, crash), crashes);
            try
            {
                explorer.Explore();
            }
            catch (Broken broken)
            {
                Assert.Fail($"{program}: {broken.Message}");
            }

            ran++;
            lives += explorer.Lives;
        }

        return (ran, lives);
    }
}
