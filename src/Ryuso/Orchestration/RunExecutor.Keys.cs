using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.Protocol;
using Ryuso.Values;

namespace Ryuso.Orchestration;

/// <summary>The keys of the run: read after the defaults and checks, and before anything runs.</summary>
internal sealed partial class RunExecutor
{
    private const int MaxKeyBytes = 512;

    /// <summary>What the run holds or waits for.</summary>
    public LanePlace Place { get; } = new();

    // The place that the run has: its own, or that of its recovery.
    private LanePlace _held = null!;

    /// <summary>The run's id, where it is stuck and its keys are to be kept; null otherwise.</summary>
    public string? KeepsKeysAs { get; private set; }

    /// <summary>Fills in the place of a request that was checked. One that cannot run waits for the run whose id it has, and for nothing else.</summary>
    private RequestProblem? ReadKeys(ProgramDefinition program)
    {
        Place.Program = program.Name;
        if (_run.Slots.CallersRunId is { } runId)
        {
            Place.RunId = runId;
            Place.TryAdd(runId, KeySpace.RunId);
        }

        if (program.KeySlots is not { } slots)
        {
            Place.IsAlone = true;
            return null;
        }

        foreach (int slot in slots)
        {
            if (AddKeys(_run.Slots.NameOf(slot), _run.Slots[slot]) is { } problem)
            {
                return new RequestProblem(Rejection.InvalidArguments, $"The program '{program.Name}' cannot run: {problem}.");
            }
        }

        return slots.Length > 0 && Place.ValueCount == 0
            ? new RequestProblem(
                Rejection.InvalidArguments, $"The program '{program.Name}' cannot run: {NamesOf(slots)} must give it one key at least, and is empty.")
            : null;
    }

    /// <summary>
    /// Whether a request that a stuck run stops may still have a recorded answer: it has an id. Its place is then that of the id alone.
    /// </summary>
    public bool TryWaitForRecord()
    {
        if (_fingerprint is null || Place.Problem is not { Code: Rejection.Quarantined } problem)
        {
            return false;
        }

        _problem = problem;
        WaitForIdOnly();
        return true;
    }

    /// <summary>It waits for the run whose id it has, and for nothing else.</summary>
    private void WaitForIdOnly()
    {
        Place.Clear();
        Place.TryAdd(_run.Slots.CallersRunId!, KeySpace.RunId);
    }

    private string? AddKeys(string name, in PoolValue value)
    {
        if (value.Kind != ValueKind.List)
        {
            return AddKey(name, value);
        }

        if (value.ToNode() is JsonArray list)
        {
            for (int i = 0; i < list.Count; i++)
            {
                if (AddKey($"{name}[{i}]", PoolValue.OfNode(list[i])) is { } problem)
                {
                    return problem;
                }
            }
        }

        return null;
    }

    private string? AddKey(string name, in PoolValue value)
    {
        if (TextOf(value) is not { } key)
        {
            return $"'{name}' is a key and must be string or int but is {value.TypeName}";
        }

        if (key.Length == 0 || (key.Length * 3 > MaxKeyBytes && Encoding.UTF8.GetByteCount(key) > MaxKeyBytes))
        {
            return $"'{name}' is a key and must have 1 to {MaxKeyBytes} bytes of UTF-8";
        }

        return Place.TryAdd(key) ? null : $"it would have more than {LanePlace.MaxKeys} keys";
    }

    /// <summary>A key is compared by value: 7 and "7" are one.</summary>
    private static string? TextOf(in PoolValue value) => value.Kind switch
    {
        ValueKind.String => value.String,
        ValueKind.Int => value.Int.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    /// <summary>Decides at the run's end whether its keys are kept.</summary>
    private void KeepKeysIfStuck(bool isStuck, string program, string runId) =>
        KeepsKeysAs = isStuck && _held.ValueCount > 0 && environment.KeepsKeys(program) ? runId : null;

    private string NamesOf(int[] slots) => string.Join(" and ", slots.Select(slot => $"'{_run.Slots.NameOf(slot)}'"));

    /// <summary>Says which key of a nested program the run does not hold; null where it holds all.</summary>
    private string? FindMissingKey(ProgramDefinition entered)
    {
        if (_held.IsAlone || !environment.IsKeyed || entered.KeySlots is not { Length: > 0 } slots)
        {
            return null;
        }

        foreach (int slot in slots)
        {
            PoolValue value = _run.Slots[slot];
            if (FindMissingKey(value) is { } missing)
            {
                return $"The program '{entered.Name}' needs the key '{missing}' ('{_run.Slots.NameOf(slot)}'), which the run does not hold: "
                    + $"name an argument that has this value in the key of '{_run.Program.Name}'.";
            }
        }

        return null;
    }

    private string? FindMissingKey(in PoolValue value)
    {
        if (value.Kind != ValueKind.List)
        {
            return TextOf(value) is { } key && _held.Has(key) ? null : TextOf(value) ?? value.TypeName;
        }

        foreach (JsonNode? item in (JsonArray)value.ToNode()!)
        {
            if (FindMissingKey(PoolValue.OfNode(item)) is { } missing)
            {
                return missing;
            }
        }

        return null;
    }
}
