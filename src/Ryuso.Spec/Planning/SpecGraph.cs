using System.Globalization;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Planning;

/// <summary>Who reaches whom: finds cycles, tells what cannot be planned, and counts steps without making them.</summary>
internal sealed class SpecGraph(ProblemList problems, IReadOnlyList<SpecItem> parts)
{
    private const int MaxCycles = 100;
    private const int MaxShown = 50;

    public void Check()
    {
        FindCycles();
        foreach (SpecItem part in FromTheLeaves())
        {
            part.IsBroken |= part.Line.Any(e => e.To.IsBroken);
            part.Length = Sum(part.Line, 2);
            if (!part.IsBroken && part.Program is not null && part.Length - 2 > Planner.MaxSteps)
            {
                TooLong(part, "line", "hooks");
            }
        }

        foreach (SpecItem part in parts.Where(p => !p.Edges.Any(e => e.To.IsBroken) && Sum(p.Rectifiers, 0) > Planner.MaxSteps))
        {
            TooLong(part, "way back", "rectifiers");
        }

        BreakUsers();
    }

    /// <summary>A part that reaches what is broken, be it by a rectifier, is broken too, silently: the problem is reported where it is.</summary>
    private void BreakUsers()
    {
        ILookup<SpecItem, SpecItem> users = parts.SelectMany(p => p.Edges.Select(e => (e.To, User: p))).ToLookup(e => e.To, e => e.User);
        Queue<SpecItem> broken = new(parts.Where(p => p.IsBroken));
        while (broken.Count > 0)
        {
            foreach (SpecItem user in users[broken.Dequeue()].Where(user => !user.IsBroken))
            {
                user.IsBroken = true;
                broken.Enqueue(user);
            }
        }
    }

    private static int Sum(List<ItemReference> edges, int own)
    {
        foreach (ItemReference edge in edges)
        {
            own = Math.Min(Planner.MaxSteps + 3, own + edge.To.Length);
        }

        return own;
    }

    private void TooLong(SpecItem part, string what, string key)
    {
        part.IsBroken = true;
        problems.Add(ProblemCodes.PlanTooLong, part.KeyOfSection(key), $"{part.Path}.{key}",
            $"The {what} has more than {Planner.MaxSteps.ToString("N0", CultureInfo.InvariantCulture)} steps once dependencies and nested programs are flattened. Split it, or call fewer things twice.");
    }

    /// <summary>Every part behind all that runs inside it. What has a cycle inside is broken and left out.</summary>
    private List<SpecItem> FromTheLeaves()
    {
        Dictionary<SpecItem, int> waits = parts.ToDictionary(p => p, p => p.Line.Count);
        ILookup<SpecItem, SpecItem> users = parts.SelectMany(p => p.Line.Select(e => (e.To, User: p))).ToLookup(e => e.To, e => e.User);
        List<SpecItem> order = [.. parts.Where(p => waits[p] == 0)];
        for (int i = 0; i < order.Count; i++)
        {
            foreach (SpecItem user in users[order[i]])
            {
                if (--waits[user] == 0)
                {
                    order.Add(user);
                }
            }
        }

        foreach (SpecItem part in parts.Where(p => waits[p] > 0))
        {
            part.IsBroken = true;
        }

        return order;
    }

    // Rectifiers of a rectifier are never followed, so a hook may be its rectifier's rectifier: only what runs inside can be endless.
    private void FindCycles()
    {
        HashSet<SpecItem> seen = [];
        Dictionary<SpecItem, int> onPath = [];
        List<ItemReference> path = [];
        Stack<(SpecItem Part, IEnumerator<ItemReference> Edges)> open = new();
        int found = 0;
        foreach (SpecItem root in parts)
        {
            Enter(root);
            while (open.Count > 0 && found < MaxCycles)
            {
                (SpecItem part, IEnumerator<ItemReference> rest) = open.Peek();
                if (!rest.MoveNext())
                {
                    open.Pop();
                    onPath.Remove(part);
                    if (path.Count > 0)
                    {
                        path.RemoveAt(path.Count - 1);
                    }
                }
                else if (onPath.TryGetValue(rest.Current.To, out int at))
                {
                    found++;
                    Report([.. path.Skip(at), rest.Current]);
                }
                else if (!seen.Contains(rest.Current.To))
                {
                    path.Add(rest.Current);
                    Enter(rest.Current.To);
                }
            }
        }

        void Enter(SpecItem part)
        {
            if (seen.Add(part))
            {
                onPath.Add(part, path.Count);
                open.Push((part, part.Line.GetEnumerator()));
            }
        }
    }

    private void Report(List<ItemReference> cycle)
    {
        ItemReference last = cycle[cycle.Count - 1];
        List<string> names = [last.To.Reference.ToString(), .. cycle.Select(e => e.To.Reference.ToString())];
        if (names.Count > MaxShown)
        {
            string rest = $"… {names.Count - MaxShown} more …";
            names = [.. names.Take(MaxShown / 2), rest, .. names.Skip(names.Count - (MaxShown / 2))];
        }

        string remedy = cycle.Count == 1 ? "Remove this reference." : "Remove one of these references.";
        problems.Add(ProblemCodes.Cycle, last.At, last.Path, $"'{last.To.Reference}' reaches itself: {string.Join(" → ", names)}. {remedy}",
            related: cycle.Take(cycle.Count - 1).Select(e => e.At));
    }
}
