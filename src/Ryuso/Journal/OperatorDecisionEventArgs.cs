namespace Ryuso;

/// <summary>A decision of an operator is recorded.</summary>
/// <param name="runId">The run that it concerns.</param>
public sealed class OperatorDecisionEventArgs(string runId) : EventArgs
{
    /// <summary>The id of the run that the decision concerns.</summary>
    public string RunId { get; } = runId;
}
