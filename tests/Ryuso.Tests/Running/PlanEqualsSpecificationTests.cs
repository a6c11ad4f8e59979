using System.Collections.Concurrent;
using System.Globalization;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Ryuso.TestKit;

namespace Ryuso.Tests.Running;

/// <summary>The compiled line does what the recursive words of the seed and the contract say, for random specs, requests and outcomes.</summary>
public sealed class PlanEqualsSpecificationTests
{
    /// <summary>RYUSO_RANDOM_SPECS=100000 is the long form.</summary>
    private static readonly int s_specs = int.TryParse(Environment.GetEnvironmentVariable("RYUSO_RANDOM_SPECS"), CultureInfo.InvariantCulture, out int n) ? n : 2_000;

    [Fact]
    public async Task Calls_pool_and_answer_equal_those_of_the_naive_interpreter()
    {
        var endings = new ConcurrentDictionary<string, int>();
        await RandomCase.Any.SampleAsync(
            async random =>
            {
                var hooks = new ScriptedHooks(random.Act, Call.Everything);
                SpecOrchestrator orchestrator = SpecOrchestrator.Of(
                    random.Spec.ToJsonString(),
                    (hook, pool, context) => hooks.CallAsync(hook, "", pool, context),
                    time: Clock());
                foreach (Request request in random.Requests)
                {
                    string answer = await SameAsInterpreter.AssertAsync(random.Spec, request, orchestrator, hooks);
                    endings.AddOrUpdate(EndingOf(answer), 1, (_, count) => count + 1);
                }
            },
            iter: s_specs,
            print: random => random.ToString());

        // A generator that no longer reaches an ending would make the comparison empty.
        Assert.All(
            ["success", "reversed", "nothing to reverse", "stuck", "bad_request", "unknown_program", "invalid_arguments"],
            ending => Assert.True(endings.GetValueOrDefault(ending) > s_specs / 50, $"{ending}: {string.Join(", ", endings)}"));
    }

    /// <summary>One spec of fifty goes through the generator and the compiler too; there the hooks also tell the args that they got.</summary>
    [Fact]
    public Task Generated_code_does_the_same_and_hands_each_hook_its_arguments() =>
        RandomCase.Any.SampleAsync(
            async random =>
            {
                var hooks = new ScriptedHooks(random.Act, Call.Everything);
                Orchestrator orchestrator = GeneratedOrchestrator.Of(random.Spec, hooks, Clock());
                foreach (Request request in random.Requests)
                {
                    await SameAsInterpreter.AssertAsync(random.Spec, request, orchestrator, hooks, withArgs: true);
                }
            },
            iter: s_specs / 50,
            print: random => random.ToString());

    private static FakeTimeProvider Clock() => new(DateTimeOffset.FromUnixTimeMilliseconds(NaiveInterpreter.Now));

    private static string EndingOf(string answer) =>
        !answer.Contains("\"_program_fail\":true", StringComparison.Ordinal) ? "success"
        : !answer.Contains("\"_rectifier_fail\":", StringComparison.Ordinal) ? answer.Split("\"_error_code\":\"")[1].Split('"')[0]
        : answer.Contains("\"_rectifier_fail\":true", StringComparison.Ordinal) ? "stuck"
        : answer.Contains("\"_rectified\":[]", StringComparison.Ordinal) ? "nothing to reverse" : "reversed";
}
