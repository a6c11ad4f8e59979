namespace Ryuso.Testing;

/// <summary>A tested run that kept what its test says must hold.</summary>
/// <typeparam name="TWorld">Everything that outlives the process.</typeparam>
public sealed class ProgramRun<TWorld> : IAsyncDisposable
    where TWorld : class
{
    private readonly CaseRun<TWorld> _run;

    internal ProgramRun(CaseRun<TWorld> run) => _run = run;

    /// <summary>The world as the run left it. Disposed of together with the run.</summary>
    public TWorld World => _run.World!;

    /// <summary>How the run ended. Where the process ended in between, as the journal has it.</summary>
    public ProgramResult Result => _run.Result;

    /// <summary>What ran, in order, the way back included.</summary>
    public IReadOnlyList<RunStep> Steps => _run.Log.Steps;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _run.DisposeAsync();
}
