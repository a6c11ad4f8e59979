using System.Diagnostics;
using System.Text.Json.Nodes;
using Ryuso.Json;
using Ryuso.Cli.Client;

namespace Ryuso.Cli.Bench;

/// <summary>One connection that keeps so many requests in flight.</summary>
internal sealed class LoadConnection(Stream stream, LoadRequest request, LoadBudget budget, int pipeline) : IDisposable
{
    private readonly Queue<long> _sent = new(pipeline);
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _filled;

    public LatencyHistogram Latencies { get; } = new();

    public long Succeeded { get; private set; }

    public long Failed { get; private set; }

    public long Rejected { get; private set; }

    /// <summary>Why the first that was no success was none.</summary>
    public string? Complaint { get; private set; }

    public async Task RunAsync(CancellationToken cancel)
    {
        using var batch = new MemoryStream();
        while (true)
        {
            batch.SetLength(0);
            while (_sent.Count < pipeline && budget.TryTake(out long number))
            {
                request.WriteTo(batch, number);
                _sent.Enqueue(Stopwatch.GetTimestamp());
            }

            if (batch.Length > 0)
            {
                await stream.WriteAsync(batch.GetBuffer().AsMemory(0, (int)batch.Length), cancel);
            }

            if (_sent.Count == 0)
            {
                return;
            }

            await ReceiveAsync(cancel);
        }
    }

    public void Dispose() => stream.Dispose();

    private async Task ReceiveAsync(CancellationToken cancel)
    {
        if (_filled == _buffer.Length)
        {
            throw new NoAnswerException("An answer is longer than 64 KiB, which is more than a load test reads.");
        }

        int count = await stream.ReadAsync(_buffer.AsMemory(_filled), cancel);
        if (count == 0)
        {
            throw new NoAnswerException($"The server closed a connection with {_sent.Count} requests in flight.");
        }

        _filled += count;
        long now = Stopwatch.GetTimestamp();
        int start = 0;
        while (_buffer.AsSpan(start, _filled - start).IndexOf((byte)'\n') is >= 0 and int length)
        {
            Take(_buffer.AsSpan(start, length), now);
            start += length + 1;
        }

        _buffer.AsSpan(start, _filled - start).CopyTo(_buffer);
        _filled -= start;
    }

    private void Take(ReadOnlySpan<byte> answer, long now)
    {
        if (!_sent.TryDequeue(out long sent))
        {
            throw new NoAnswerException("The server sent more answers than it got requests.");
        }

        Latencies.Add(Stopwatch.GetElapsedTime(sent, now));
        if (answer.IndexOf("\"_program_fail\""u8) < 0)
        {
            Succeeded++;
            return;
        }

        bool isRejected = answer.IndexOf("\"_server_error\""u8) >= 0;
        Rejected += isRejected ? 1 : 0;
        Failed += isRejected ? 0 : 1;
        Complaint ??= JsonNode.Parse(answer, documentOptions: JsonDepth.Reading) is JsonObject json ? new Answer(json).Error : null;
    }
}
