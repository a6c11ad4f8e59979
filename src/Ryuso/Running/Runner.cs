using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Ryuso;

/// <summary>Carries out what <see cref="RunMachine"/> decides: calls hooks, waits, logs. One run at a time, so everything but the pool object is reused.</summary>
#pragma warning disable CA1001 // The writer holds no resource: it lives as long as the runner and writes to memory.
internal sealed class Runner(Orchestrator orchestrator, SpecDefinition spec, ILogger logger, TimeProvider time)
#pragma warning restore CA1001
{
    private readonly AsyncLocal<DataPool?> _running = new();
    private readonly PoolSlots _slots = new(spec.Variables);
    private readonly RunMachine _machine = new(spec.Hooks);
    private readonly List<string> _trace = [];
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _writer = new(Stream.Null, JsonBytes.WriterOptions);
    private Failure _failure;
    private int _steps;

    /// <summary>Whether the caller is a hook of the run in flight.</summary>
    public bool IsRunningThisFlow => _running.Value is { IsOpen: true };

    public async ValueTask RunAsync(ReadOnlyMemory<byte> request, IBufferWriter<byte> answer)
    {
        _slots.Clear();
        if (!TryAdmit(request.Span, answer, out ProgramDefinition program))
        {
            return;
        }

        DataPool pool = orchestrator.NewPool(_slots);
        long began = time.GetTimestamp();
        try
        {
            _running.Value = pool;
            CommandKind outcome = await RunLineAsync(program, pool).ConfigureAwait(false);
            if (outcome != CommandKind.Succeeded)
            {
                _slots.Fill(program.Outputs);
                WriteFailure(program, outcome);
            }

            answer.Write(_buffer.WrittenSpan);
            Log(program, outcome, time.GetElapsedTime(began));
        }
        finally
        {
            pool.Close();
            _running.Value = null;
        }
    }

    private bool TryAdmit(ReadOnlySpan<byte> request, IBufferWriter<byte> answer, out ProgramDefinition program)
    {
        program = null!;
        string? problem = RequestReader.Read(request, _slots, out string? name);
        if (problem is not null)
        {
            Rejection.Write(answer, Rejection.BadRequest, problem);
            return false;
        }

        if (Array.Find(spec.Programs, p => p.Name == name) is not { } found)
        {
            Rejection.Write(answer, Rejection.UnknownProgram, $"There is no program '{name}'. {Nearest.Suggest(name!, spec.Programs.Select(p => p.Name))}");
            return false;
        }

        program = found;
        _slots.Fill(program.Args);
        _slots.Begin(program.Name, time.GetUtcNow().ToUnixTimeMilliseconds());
        if (_slots.Check(program.Args) is { } wrong)
        {
            Rejection.Write(answer, Rejection.InvalidArguments, $"The program '{program.Name}' cannot run: {wrong}.");
            return false;
        }

        return true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<CommandKind> RunLineAsync(ProgramDefinition program, DataPool pool)
    {
        _trace.Clear();
        _steps = 0;
        _failure = default;
        Command command = _machine.Start(program.Line);
        while (command.Kind is CommandKind.Step or CommandKind.CheckOutputs)
        {
            string? error = command.Kind == CommandKind.CheckOutputs
                ? CheckOutputs(program)
                : await StepAsync(command, pool).ConfigureAwait(false);
            if (error is not null)
            {
                _failure = new Failure(ReferenceOf(command, program), error, command.Step.IsDependency);
            }

            command = _machine.Next(command, error is null);
        }

        return command.Kind;
    }

    private ValueTask<string?> StepAsync(Command command, DataPool pool)
    {
        switch (command.Step.Kind)
        {
            case StepKind.EnterHook:
                _trace.Add(spec.Hooks[command.Step.Index].Reference);
                return default;
            case StepKind.InvokeHook:
                return InvokeAsync(command, pool);
            case StepKind.EnterProgram:
                ProgramDefinition entered = spec.Programs[command.Step.Index];
                _slots.Fill(entered.Args);
                return new ValueTask<string?>(Sentence("program", entered.Name, "cannot begin", _slots.Check(entered.Args)));
            default:
                ProgramDefinition left = spec.Programs[command.Step.Index];
                _slots.Fill(left.Outputs);
                return new ValueTask<string?>(Sentence("program", left.Name, "did not give its outputs", _slots.Check(left.Outputs)));
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<string?> InvokeAsync(Command command, DataPool pool)
    {
        int index = command.Step.Index;
        HookDefinition hook = spec.Hooks[index];
        int step = ++_steps;
        for (int attempt = 1; ; attempt++)
        {
            string? error = Sentence("hook", hook.Reference, "cannot run", _slots.Check(hook.Args))
                ?? await TryHookAsync(index, pool, step, attempt, command.IsRectifying).ConfigureAwait(false);
            if (error is null || attempt >= hook.Attempts)
            {
                return error;
            }

            if (hook.RetryDelayMs > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(hook.RetryDelayMs), time).ConfigureAwait(false);
            }

            _trace.Add(hook.Reference);
        }
    }

    /// <summary>One try of one hook; null when it did its work, otherwise why not.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<string?> TryHookAsync(int index, DataPool pool, int step, int attempt, bool isRectifying)
    {
        HookDefinition hook = spec.Hooks[index];
        using CancellationTokenSource? limit = hook.TimeoutMs > 0 ? new CancellationTokenSource(TimeSpan.FromMilliseconds(hook.TimeoutMs), time) : null;
        try
        {
            var context = new HookContext(pool, hook.Reference, step, attempt, isRectifying, limit?.Token ?? CancellationToken.None);
            HookResult result = await orchestrator.Invoke(index, pool, context).ConfigureAwait(false);
            return limit is { IsCancellationRequested: true } ? TimedOut(hook) : result.Reason;
        }
#pragma warning disable CA1031 // Whatever a hook throws is that step's failure and never the server's.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            RunLog.HookFailed(logger, hook.Reference, attempt, exception);
            return limit is { IsCancellationRequested: true } ? TimedOut(hook)
                : exception is HookFailedException ? exception.Message
                : $"The hook '{hook.Reference}' threw {exception.GetType().Name}.";
        }
    }

    /// <summary>Also writes the answer, since an output that cannot be written makes the run unsuccessful too.</summary>
    private string? CheckOutputs(ProgramDefinition program)
    {
        _slots.Fill(program.Outputs);
        if (_slots.Check(program.Outputs) is { } wrong)
        {
            return Sentence("program", program.Name, "did not give its outputs", wrong);
        }

        try
        {
            BeginAnswer();
            WriteOutputs(program);
            EndAnswer();
            return null;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or JsonException or NotSupportedException)
        {
            return $"The outputs of the program '{program.Name}' cannot be written as JSON: {exception.Message}";
        }
    }

    private void WriteFailure(ProgramDefinition program, CommandKind outcome)
    {
        try
        {
            BeginAnswer();
            WriteOutputs(program);
            WriteMagic(program, outcome, withVariables: true);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or JsonException or NotSupportedException)
        {
            // A value that no JSON can hold must not hide what happened: tell the outcome without the values.
            BeginAnswer();
            WriteMagic(program, outcome, withVariables: false);
        }

        EndAnswer();
    }

    private void WriteOutputs(ProgramDefinition program)
    {
        foreach (ArgDefinition output in program.Outputs)
        {
            ref readonly PoolValue value = ref _slots[output.Slot];
            if (value.Kind != ValueKind.Absent && !MagicNames.IsEngineOwned(output.Name))
            {
                _writer.WritePropertyName(output.Name);
                value.WriteTo(_writer, asFloat: output.Type == SpecType.Float);
            }
        }
    }

    private void WriteMagic(ProgramDefinition program, CommandKind outcome, bool withVariables)
    {
        bool stuck = outcome == CommandKind.Stuck;
        _writer.WriteBoolean(MagicNames.ProgramFail, true);
        _writer.WriteBoolean(MagicNames.DependencyFail, _failure.IsDependency);
        _writer.WriteBoolean(MagicNames.RectifierFail, stuck);
        _writer.WriteString(MagicNames.LastFailedProgram, _failure.Reference);
        _writer.WriteString(MagicNames.Error, _failure.Error);
        WriteReferences(MagicNames.Traceback, _trace);
        WriteReferences(MagicNames.Rectified, _machine.Rectified.Select(h => spec.Hooks[h].Reference));
        WriteReferences(MagicNames.Unrectified, Unrectified(stuck));
        _writer.WriteString(MagicNames.ProgramName, program.Name);
        _writer.WriteNumber(MagicNames.ProgramTimeStart, _slots.StartedAt);
        _writer.WriteString(MagicNames.RunId, _slots.RunId);
        if (withVariables)
        {
            _slots.WriteMagicVariables(_writer, program.Outputs);
        }
    }

    private IEnumerable<string> Unrectified(bool stuck) => stuck
        ? _machine.Completed.Reverse().Where(h => spec.Hooks[h].Rectifiers.Length > 0).Select(h => spec.Hooks[h].Reference)
        : [];

    private void WriteReferences(string name, IEnumerable<string> references)
    {
        _writer.WriteStartArray(name);
        foreach (string reference in references)
        {
            _writer.WriteStringValue(reference);
        }

        _writer.WriteEndArray();
    }

    private void BeginAnswer()
    {
        _buffer.ResetWrittenCount();
        _writer.Reset(_buffer);
        _writer.WriteStartObject();
    }

    private void EndAnswer()
    {
        _writer.WriteEndObject();
        _writer.Flush();
    }

    private void Log(ProgramDefinition program, CommandKind outcome, TimeSpan duration)
    {
        if (outcome == CommandKind.Stuck)
        {
            RunLog.Stuck(logger, program.Name, _slots.RunId, _failure.Reference!, _failure.Error!,
                string.Join(", ", _machine.Rectified.Select(h => spec.Hooks[h].Reference)), string.Join(", ", Unrectified(stuck: true)));
        }

        if (logger.IsEnabled(LogLevel.Information))
        {
            RunLog.Ended(logger, program.Name, _slots.RunId, outcome.ToString(), duration.TotalMilliseconds, _failure.Error);
        }
    }

    private string ReferenceOf(Command command, ProgramDefinition program) => command.Kind == CommandKind.CheckOutputs
        ? "programs." + program.Name
        : command.Step.Kind is StepKind.EnterHook or StepKind.InvokeHook
            ? spec.Hooks[command.Step.Index].Reference
            : "programs." + spec.Programs[command.Step.Index].Name;

    private static string? Sentence(string subject, string name, string what, string? problems) =>
        problems is null ? null : $"The {subject} '{name}' {what}: {problems}.";

    private static string TimedOut(HookDefinition hook) => $"The hook '{hook.Reference}' did not end within its {hook.TimeoutMs} ms.";

    private readonly record struct Failure(string? Reference, string? Error, bool IsDependency);
}
