using System.Buffers;
using System.Text.Json.Nodes;
using Bank;
using BenchmarkDotNet.Attributes;

namespace Ryuso.Benchmarks;

/// <summary>Request bytes to answer bytes in-process, beside the floor.</summary>
[MemoryDiagnoser]
public class RunBenchmarks
{
    // One float of three digits, as amounts are, and one of sixteen: formatting that one costs as much as the rest.
    private const string Arguments = """{"from":"alice","to":"bob","amount":5,"rate":0.125,"urgent":true}""";
    private const string LongArguments = """{"from":"alice","to":"bob","amount":5,"rate":0.1234567890123457,"urgent":true}""";
    private readonly BankOrchestrator _bank = new();
    private readonly KeyedBank.KeyedBankOrchestrator _keyedBank = new();
    private readonly Floor _floor = new();
    private readonly ArrayBufferWriter<byte> _answer = new(4096);
    private readonly byte[] _move = Request("move");
    private readonly byte[] _moveLong = Request("move", LongArguments);
    private readonly byte[] _moveTwoKeys = Request("move_two_keys");
    private readonly byte[] _refused = Request("move_refused");
    private readonly byte[] _thrown = Request("move_thrown");

    [Benchmark(Baseline = true)]
    public int Floor() => RunFloor(_move);

    [Benchmark]
    public int FloorWithLongFloat() => RunFloor(_moveLong);

    [Benchmark]
    public int SuccessWithLongFloat() => Run(_moveLong);

    [Benchmark]
    public int Success() => Run(_move);

    /// <summary>The same where the program has a key.</summary>
    [Benchmark]
    public int SuccessWithKey() => _keyedBank.Run(_move, _answer);

    [Benchmark]
    public int SuccessWithTwoKeys() => _keyedBank.Run(_moveTwoKeys, _answer);

    [Benchmark]
    public int FailureByResult() => Run(_refused);

    [Benchmark]
    public int FailureByException() => Run(_thrown);

    /// <summary>The same run in process with its records: no JSON between.</summary>
    [Benchmark]
    public long TypedCall() => _bank.MoveAsync(new MoveArgs("alice", "bob", 5, 0.125, true)).GetAwaiter().GetResult().Outputs!.ToBalance;

    /// <summary>By way of JSON, as untyped calls and those with a journal go.</summary>
    [Benchmark]
    public long UntypedCall()
    {
        JsonObject pool = new() { ["from"] = "alice", ["to"] = "bob", ["amount"] = 5L, ["rate"] = 0.125, ["urgent"] = true };
        return (long)_bank.RunAsync("move", pool).GetAwaiter().GetResult().Answer["to_balance"]!;
    }

    private static byte[] Request(string program, string arguments = Arguments) =>
        System.Text.Encoding.UTF8.GetBytes($$"""{"program":"{{program}}","data_pool":{{arguments}}}""");

    private int RunFloor(byte[] request)
    {
        _answer.ResetWrittenCount();
        _floor.Run(request, _answer);
        return _answer.WrittenCount;
    }

    private int Run(byte[] request) => _bank.Run(request, _answer);
}
