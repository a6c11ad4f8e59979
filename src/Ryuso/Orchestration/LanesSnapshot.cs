using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using Ryuso.Json;

namespace Ryuso.Orchestration;

/// <summary>Who holds, waits and is stuck, at one moment.</summary>
/// <param name="Running">How many runs are under way.</param>
/// <param name="Waiting">How many wait.</param>
/// <param name="KeyCount">How many keys are held, waited for or kept.</param>
/// <param name="IsAlone">Whether a run that is alone is under way or waits, so that no other begins.</param>
/// <param name="Runs">The runs under way.</param>
/// <param name="Keys">The keys with the longest queues.</param>
internal sealed record LanesSnapshot(
    int Running, int Waiting, int KeyCount, bool IsAlone, IReadOnlyList<PlaceSnapshot> Runs, IReadOnlyList<KeySnapshot> Keys)
{
    /// <summary>The answer to <c>lanes</c>.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonBytes.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteNumber("running"u8, Running);
            writer.WriteNumber("waiting"u8, Waiting);
            writer.WriteNumber("keys"u8, KeyCount);
            writer.WriteBoolean("alone"u8, IsAlone);
            writer.WriteStartArray("runs"u8);
            foreach (PlaceSnapshot run in Runs)
            {
                Write(writer, run);
            }

            writer.WriteEndArray();
            writer.WriteStartArray("longest_queues"u8);
            foreach (KeySnapshot key in Keys)
            {
                writer.WriteStartObject();
                writer.WriteString("key"u8, key.Key);
                writer.WriteNumber("waiting"u8, key.Waiting);
                if (key.First is { } first)
                {
                    writer.WritePropertyName("first"u8);
                    Write(writer, first);
                }

                writer.WriteStartArray("stuck_runs"u8);
                foreach (string stuck in key.StuckRuns)
                {
                    writer.WriteStringValue(stuck);
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, PlaceSnapshot run)
    {
        writer.WriteStartObject();
        if (run.RunId is not null)
        {
            writer.WriteString("run_id"u8, run.RunId);
        }

        writer.WriteString("program"u8, run.Program);
        writer.WriteBoolean("alone"u8, run.IsAlone);
        writer.WriteNumber("held_ms"u8, run.EnteredAt == 0 ? 0 : (long)run.Held.TotalMilliseconds);
        writer.WriteNumber("waiting"u8, run.Waiting);
        writer.WriteEndObject();
    }
}

/// <summary>A run that holds something.</summary>
/// <param name="RunId">Its id; null where none has been made yet.</param>
/// <param name="Program">Its program.</param>
/// <param name="IsAlone">Whether nothing else may run meanwhile.</param>
/// <param name="EnteredAt">When its turn came, as a timestamp of the stopwatch.</param>
/// <param name="Waiting">How many wait for it.</param>
internal sealed record PlaceSnapshot(string? RunId, string Program, bool IsAlone, long EnteredAt, int Waiting)
{
    /// <summary>How long it has been under way.</summary>
    public TimeSpan Held => Stopwatch.GetElapsedTime(EnteredAt);
}

/// <summary>A key.</summary>
/// <param name="Key">Its value.</param>
/// <param name="First">Who is first in its queue; null where a stuck run alone keeps it.</param>
/// <param name="Waiting">How many wait for it.</param>
/// <param name="StuckRuns">The stuck runs that keep it.</param>
internal sealed record KeySnapshot(string Key, PlaceSnapshot? First, int Waiting, IReadOnlyList<string> StuckRuns);
