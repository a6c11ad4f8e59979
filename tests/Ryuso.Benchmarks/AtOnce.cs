using System.Buffers;

namespace Ryuso.Benchmarks;

internal static class AtOnce
{
    /// <summary>Runs a program whose hooks all end at once.</summary>
    /// <returns>The answer's length.</returns>
    public static int Run(this Orchestrator orchestrator, byte[] request, ArrayBufferWriter<byte> answer)
    {
        answer.ResetWrittenCount();
        ValueTask run = orchestrator.RunRequestAsync(request, answer, CancellationToken.None);
        if (!run.IsCompletedSuccessfully)
        {
            throw new InvalidOperationException("A program of synchronous hooks ran asynchronously.");
        }

        run.GetAwaiter().GetResult();
        return answer.WrittenCount;
    }
}
