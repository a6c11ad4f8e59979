using System.Buffers;
using Ryuso.Definitions;
using Ryuso.Json;
using Ryuso.Protocol;
using Ryuso.Values;

namespace Ryuso.Runs;

/// <summary>Writes a run's answer straight from the pool's slots. The answer is held here until it is known to be whole.</summary>
internal sealed class AnswerWriter
{
    private static readonly byte[] s_programFail = JsonBytes.Key(ReservedNames.ProgramFail);
    private static readonly byte[] s_dependencyFail = JsonBytes.Key(ReservedNames.DependencyFail);
    private static readonly byte[] s_rectifierFail = JsonBytes.Key(ReservedNames.RectifierFail);
    private static readonly byte[] s_lastFailedProgram = JsonBytes.Key(ReservedNames.LastFailedProgram);
    private static readonly byte[] s_error = JsonBytes.Key(ReservedNames.Error);
    private static readonly byte[] s_errorCode = JsonBytes.Key(ReservedNames.ErrorCode);
    private static readonly byte[] s_traceback = JsonBytes.Key(ReservedNames.Traceback);
    private static readonly byte[] s_rectified = JsonBytes.Key(ReservedNames.Rectified);
    private static readonly byte[] s_unrectified = JsonBytes.Key(ReservedNames.Unrectified);
    private static readonly byte[] s_programName = JsonBytes.Key(ReservedNames.ProgramName);
    private static readonly byte[] s_programTimeStart = JsonBytes.Key(ReservedNames.ProgramTimeStart);
    private static readonly byte[] s_runId = JsonBytes.Key(ReservedNames.RunId);

    private readonly AnswerBuffer _answer = new();

    /// <summary>The answer written last.</summary>
    public ReadOnlySpan<byte> Written => _answer.Written;

    /// <summary>Takes the last answer away.</summary>
    public void Clear() => _answer.Clear();

    /// <summary>Writes a successful answer. False, with the reason, where an output cannot be written as JSON.</summary>
    public bool TryWriteOutputs(RunState run, out string? problem)
    {
        try
        {
            _answer.Clear();
            WriteOutputs(run);
            _answer.End();
            problem = null;
            return true;
        }
#pragma warning disable CA1031 // Whatever a value of a hook throws when it is written: it cannot be an output.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            problem = ExceptionText.MessageOf(exception);
            return false;
        }
    }

    /// <summary>Writes that nothing has run.</summary>
    public void WriteRejection(string code, string message)
    {
        var rejection = new ArrayBufferWriter<byte>(256);
        Rejection.Write(rejection, code, message);
        _answer.Clear();
        _answer.Write(rejection.WrittenSpan);
    }

    public void WriteFailure(RunState run)
    {
        try
        {
            _answer.Clear();
            WriteOutputs(run);
            WriteMagic(run);
            run.Slots.WriteMagicVariables(_answer, run.Program.Outputs);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception)
#pragma warning restore CA1031
        {
            // A value that no JSON can hold must not hide what happened: tell the outcome without the values.
            _answer.Clear();
            WriteMagic(run);
        }

        _answer.End();
    }

    private void WriteOutputs(RunState run)
    {
        foreach (ArgDefinition output in run.Program.Outputs)
        {
            ref readonly PoolValue value = ref run.Slots[output.Slot];
            if (value.Kind != ValueKind.Absent)
            {
                _answer.Key(output.Key);
                _answer.Value(value, asFloat: output.Type == SpecType.Float);
            }
        }
    }

    private void WriteMagic(RunState run)
    {
        _answer.Key(s_programFail);
        _answer.Bool(true);
        _answer.Key(s_dependencyFail);
        _answer.Bool(run.DependencyFailed);
        _answer.Key(s_rectifierFail);
        _answer.Bool(run.RectifierFailed);
        _answer.Key(s_lastFailedProgram);
        _answer.Text(run.FailedReference);
        _answer.Key(s_error);
        _answer.Text(run.Error);
        _answer.Key(s_errorCode);
        _answer.Text(run.ErrorCode);
        _answer.Key(s_traceback);
        WriteReferences(run, run.Trace);
        _answer.Key(s_rectified);
        WriteReferences(run, run.StateMachine.Rectified);
        _answer.Key(s_unrectified);
        WriteReferences(run, run.Unrectified);
        _answer.Key(s_programName);
        _answer.Text(run.Program.Name);
        _answer.Key(s_programTimeStart);
        _answer.Number(run.Slots.StartedAt);
        _answer.Key(s_runId);
        _answer.Text(run.Slots.RunId);
    }

    private void WriteReferences(RunState run, IReadOnlyList<int> hooks)
    {
        _answer.BeginList();
        for (int i = 0; i < hooks.Count; i++)
        {
            _answer.Item(run.Hooks[hooks[i]].ReferenceLiteral, isFirst: i == 0);
        }

        _answer.EndList();
    }
}
