namespace Ryuso.Testing;

/// <summary>The moment at which a simulated process ends: the n-th at which somebody asks.</summary>
internal sealed class Crash(int? at = null)
{
    private readonly TaskCompletionSource _happened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _asked;

    public bool HasHappened { get; private set; }

    /// <summary>Ends when the process has.</summary>
    public Task Happened => _happened.Task;

    /// <summary>Where it was, in words.</summary>
    public string Where { get; private set; } = "";

    public bool IsDue() => _asked++ == at;

    /// <summary>The process ends here: whoever awaits this never goes on. Nothing holds it, so that what waits can be collected.</summary>
    public Task EndAsync(string where)
    {
        HasHappened = true;
        Where = where;
        _happened.TrySetResult();
        return new TaskCompletionSource().Task;
    }
}
