using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ryuso.Cli.Runs;

/// <summary>
/// The steps of a run as <c>ryuso plan</c> numbers them. The journal names a step by its position on the recorded plan, which also has
/// entries for what is entered and left; a rectifier by the position of the step that it reverses, and its own after it.
/// </summary>
internal sealed class RecordedSteps
{
    private const string RunsAHook = "run ";

    /// <summary>At each position of the plan: how many steps there are up to it.</summary>
    private readonly int[] _numbers;

    private RecordedSteps(int[] numbers) => _numbers = numbers;

    /// <summary>Of a plan that cannot be read no step has a number.</summary>
    public static RecordedSteps Of(JournaledPlan plan)
    {
        try
        {
            int steps = 0;
            return new RecordedSteps(
                [.. JsonNode.Parse(plan.Json)!["line"]!.AsArray().Select(op => steps += op!.GetValue<string>().StartsWith(RunsAHook, StringComparison.Ordinal) ? 1 : 0)]);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException)
        {
            return new RecordedSteps([]);
        }
    }

    /// <summary>The number of the step that an event is about, or that its rectifier reverses; null where it is about none.</summary>
    public int? Number(JournalEvent entry) =>
        entry.Step is { } step
        && int.TryParse(step.Split('/')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int position)
        && position < _numbers.Length
            ? _numbers[position]
            : null;

    public static bool IsRectifier(JournalEvent entry) => entry.Step?.Contains('/', StringComparison.Ordinal) == true;
}
