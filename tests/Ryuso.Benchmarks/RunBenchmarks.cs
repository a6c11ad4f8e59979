using System.Buffers;
using Bank;
using BenchmarkDotNet.Attributes;

namespace Ryuso.Benchmarks;

/// <summary>Request bytes to answer bytes in-process, beside the floor.</summary>
[MemoryDiagnoser]
public class RunBenchmarks
{
    private const string Arguments = """{"from":"alice","to":"bob","amount":5,"rate":0.125,"urgent":true}""";
    private readonly BankOrchestrator _bank = new();
    private readonly Floor _floor = new();
    private readonly ArrayBufferWriter<byte> _answer = new(4096);
    private readonly byte[] _move = Request("move");
    private readonly byte[] _refused = Request("move_refused");
    private readonly byte[] _thrown = Request("move_thrown");

    [Benchmark(Baseline = true)]
    public int Floor()
    {
        _answer.ResetWrittenCount();
        _floor.Run(_move, _answer);
        return _answer.WrittenCount;
    }

    [Benchmark]
    public int Success() => Run(_move);

    [Benchmark]
    public int FailureByResult() => Run(_refused);

    [Benchmark]
    public int FailureByException() => Run(_thrown);

    private static byte[] Request(string program) =>
        System.Text.Encoding.UTF8.GetBytes($$"""{"program":"{{program}}","data_pool":{{Arguments}}}""");

    private int Run(byte[] request)
    {
        _answer.ResetWrittenCount();
        ValueTask run = _bank.RunRequestAsync(request, _answer, CancellationToken.None);
        if (!run.IsCompletedSuccessfully)
        {
            throw new InvalidOperationException("A program of synchronous hooks ran asynchronously.");
        }

        run.GetAwaiter().GetResult();
        return _answer.WrittenCount;
    }
}
