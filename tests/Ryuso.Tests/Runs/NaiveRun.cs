using Ryuso.Definitions;
using Ryuso.Runs;

namespace Ryuso.Tests.Runs;

/// <summary>A run as one would write it down by hand, with loops over lists: what <see cref="RunStateMachine"/> must be the same as.</summary>
/// <param name="Commands">What was carried out, in order: the step's id, what it is, and whether it ended well.</param>
/// <param name="Outcome">How the run ended.</param>
/// <param name="Rectified">Hooks of reversed steps, in that order.</param>
/// <param name="Unrectified">Hooks of completed steps that are not reversed, in order of completion.</param>
/// <param name="Skipped">Hooks of steps of which a rectifier was passed over.</param>
internal sealed record NaiveRun(string[] Commands, RunCommand Outcome, int[] Rectified, int[] Unrectified, int[] Skipped)
{
    /// <param name="plan">The program's plan.</param>
    /// <param name="hooks">The hooks.</param>
    /// <param name="endsWell">Says of each command, by its number from 0, whether it ends well.</param>
    /// <param name="interruptAt">The number of the command at which the process ends; -1 for none.</param>
    /// <param name="isInDoubt">Whether that command had started.</param>
    /// <param name="skips">Whether an operator passes over each rectifier that fails.</param>
    public static NaiveRun Of(PlanOp[] plan, HookDefinition[] hooks, Func<int, bool> endsWell, int interruptAt = -1, bool isInDoubt = false, bool skips = false)
    {
        List<string> commands = [];
        List<int> rectified = [];
        List<int> skipped = [];
        Stack<int> completed = [];
        int doubtful = -1;
        bool Ends(string command, bool inDoubt)
        {
            bool ok = endsWell(commands.Count);
            commands.Add($"{command}{(inDoubt ? " in doubt" : "")}: {(ok ? "ok" : "failed")}");
            return ok;
        }

        bool GoForward()
        {
            for (int i = 0; i < plan.Length; i++)
            {
                if (commands.Count == interruptAt)
                {
                    if (isInDoubt)
                    {
                        completed.Push(doubtful = i);
                    }

                    return false;
                }

                bool isHook = plan[i].Kind == PlanOpKind.InvokeHook;
                bool ok = Ends($"{i} {plan[i].Kind} {plan[i].Index}", inDoubt: false);
                if (isHook && (ok || hooks[plan[i].Index].RectifySelf))
                {
                    completed.Push(i);
                }

                if (!ok)
                {
                    return false;
                }
            }

            return commands.Count != interruptAt && Ends($"{plan.Length} outputs", inDoubt: false);
        }

        if (GoForward())
        {
            return new([.. commands], RunCommand.Succeeded, [], [.. Hooks(completed)], []);
        }

        while (completed.TryPeek(out int position))
        {
            PlanOp[][] rectifiers = hooks[plan[position].Index].Rectifiers;
            bool hasSkipped = false;
            for (int r = 0; r < rectifiers.Length; r++)
            {
                for (int i = 0; i < rectifiers[r].Length; i++)
                {
                    if (!Ends($"{position}/{r}/{i} {rectifiers[r][i].Kind} {rectifiers[r][i].Index}", position == doubtful))
                    {
                        if (!skips)
                        {
                            return new([.. commands], RunCommand.Stuck, [.. rectified], [.. Hooks(completed)], [.. skipped]);
                        }

                        hasSkipped = true;
                        break;
                    }
                }
            }

            if (rectifiers.Length > 0)
            {
                (hasSkipped ? skipped : rectified).Add(plan[position].Index);
            }

            completed.Pop();
        }

        return new([.. commands], skipped.Count > 0 ? RunCommand.ResolvedWithSkips : RunCommand.Rectified, [.. rectified], [], [.. skipped]);
        IEnumerable<int> Hooks(Stack<int> positions) => positions.Reverse().Select(position => plan[position].Index);
    }

    /// <summary>The same by the state machine.</summary>
    public static NaiveRun ByMachine(
        RunStateMachine machine, PlanOp[] plan, HookDefinition[] hooks, Func<int, bool> endsWell, int interruptAt = -1, bool isInDoubt = false, bool skips = false)
    {
        List<string> commands = [];
        machine.Start(plan, hooks);
        while (!machine.IsEnded)
        {
            if (commands.Count == interruptAt && !machine.IsCompensating)
            {
                machine.Interrupt(isInDoubt);
                continue;
            }

            string what = machine.Command == RunCommand.CheckOutputs ? "outputs" : $"{machine.CurrentOp.Kind} {machine.CurrentOp.Index}";
            bool ok = endsWell(commands.Count);
            commands.Add($"{machine.Id} {what}{(machine.IsInDoubt ? " in doubt" : "")}: {(ok ? "ok" : "failed")}");
            if (!ok && skips && machine.IsCompensating)
            {
                machine.Skip();
            }
            else
            {
                machine.Next(ok);
            }
        }

        return new([.. commands], machine.Command, [.. machine.Rectified], [.. machine.Completed], [.. machine.Skipped]);
    }

    public override string ToString() =>
        $"{string.Join(", ", Commands)} -> {Outcome}, rectified [{string.Join(' ', Rectified)}], not [{string.Join(' ', Unrectified)}], skipped [{string.Join(' ', Skipped)}]";
}
