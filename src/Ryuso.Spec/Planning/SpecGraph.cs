using System.Globalization;
using Ryuso.Spec.Validation;

namespace Ryuso.Spec.Planning;

/// <summary>Who reaches whom: finds cycles, tells what cannot be planned, and counts steps without making them.</summary>
internal sealed class SpecGraph(ProblemList problems, IReadOnlyList<Part> parts)
{
    private const int MaxCycles = 100;
    private const int MaxShown = 50;

    public void Check()
    {
        FindCycles();
        foreach (Part part in FromTheLeaves())
        {
            // A part that reaches what is broken stays broken, silently: the problem is told where it is.
            part.IsBroken |= part.Edges.Any(e => e.To.IsBroken);
            part.Length = Sum(part.Line, 2);
            if (!part.IsBroken && part.Program is not null && part.Length - 2 > Planner.MaxSteps)
            {
                TooLong(part, "line", "hooks");
            }

            if (!part.IsBroken && Sum(part.Rectifiers, 0) > Planner.MaxSteps)
            {
                TooLong(part, "way back", "rectifiers");
            }
        }
    }

    private static int Sum(List<Edge> edges, int own)
    {
        foreach (Edge edge in edges)
        {
            own = Math.Min(Planner.MaxSteps + 3, own + edge.To.Length);
        }

        return own;
    }

    private void TooLong(Part part, string what, string key)
    {
        part.IsBroken = true;
        problems.Add(ProblemCodes.PlanTooLong, part.KeyOfSection(key), $"{part.Path}.{key}",
            $"The {what} has more than {Planner.MaxSteps.ToString("N0", CultureInfo.InvariantCulture)} steps once dependencies and nested programs are flattened. Split it, or call fewer things twice.");
    }

    /// <summary>Every part behind all that it reaches. What reaches a cycle is broken and comes last.</summary>
    private List<Part> FromTheLeaves()
    {
        Dictionary<Part, int> waits = parts.ToDictionary(p => p, p => p.Edges.Count());
        ILookup<Part, Part> users = parts.SelectMany(p => p.Edges.Select(e => (e.To, User: p))).ToLookup(e => e.To, e => e.User);
        List<Part> order = [.. parts.Where(p => waits[p] == 0)];
        for (int i = 0; i < order.Count; i++)
        {
            foreach (Part user in users[order[i]])
            {
                if (--waits[user] == 0)
                {
                    order.Add(user);
                }
            }
        }

        foreach (Part part in parts.Where(p => waits[p] > 0))
        {
            part.IsBroken = true;
        }

        return order;
    }

    private void FindCycles()
    {
        HashSet<Part> seen = [];
        Dictionary<Part, int> onPath = [];
        List<Edge> path = [];
        Stack<(Part Part, IEnumerator<Edge> Edges)> open = new();
        int found = 0;
        foreach (Part root in parts)
        {
            Enter(root);
            while (open.Count > 0 && found < MaxCycles)
            {
                (Part part, IEnumerator<Edge> rest) = open.Peek();
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
                    Tell([.. path.Skip(at), rest.Current]);
                }
                else if (!seen.Contains(rest.Current.To))
                {
                    path.Add(rest.Current);
                    Enter(rest.Current.To);
                }
            }
        }

        void Enter(Part part)
        {
            if (seen.Add(part))
            {
                onPath.Add(part, path.Count);
                open.Push((part, part.Edges.GetEnumerator()));
            }
        }
    }

    private void Tell(List<Edge> cycle)
    {
        Edge last = cycle[cycle.Count - 1];
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
