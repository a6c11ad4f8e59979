using Microsoft.CodeAnalysis;

namespace Ryuso.Generator.SharedState;

/// <summary>Which types several threads may use at once.</summary>
internal static class ThreadSafety
{
    private const string AnyOther = "use a local variable";

    /// <summary>Types that plainly may not, with what does the same safely.</summary>
    private static readonly Dictionary<string, string> s_remedies = new()
    {
        ["System.Collections.Generic.Dictionary"] = "use a ConcurrentDictionary",
        ["System.Collections.Generic.HashSet"] = "use a ConcurrentDictionary whose values are ignored",
        ["System.Collections.Generic.LinkedList"] = "use a ConcurrentQueue",
        ["System.Collections.Generic.List"] = "use a ConcurrentQueue or ConcurrentBag",
        ["System.Collections.Generic.OrderedDictionary"] = "use a ConcurrentDictionary",
        ["System.Collections.Generic.PriorityQueue"] = "use a Channel with priorities",
        ["System.Collections.Generic.Queue"] = "use a ConcurrentQueue",
        ["System.Collections.Generic.SortedDictionary"] = "use a ConcurrentDictionary",
        ["System.Collections.Generic.SortedList"] = "use a ConcurrentDictionary",
        ["System.Collections.Generic.SortedSet"] = "use a ConcurrentDictionary whose values are ignored",
        ["System.Collections.Generic.Stack"] = "use a ConcurrentStack",
        ["System.Collections.ObjectModel.Collection"] = "use a ConcurrentQueue or ConcurrentBag",
        ["System.Collections.ArrayList"] = "use a ConcurrentQueue or ConcurrentBag",
        ["System.Collections.BitArray"] = AnyOther,
        ["System.Collections.Hashtable"] = "use a ConcurrentDictionary",
        ["System.Collections.Queue"] = "use a ConcurrentQueue",
        ["System.Collections.SortedList"] = "use a ConcurrentDictionary",
        ["System.Collections.Stack"] = "use a ConcurrentStack",
        ["System.Random"] = "use Random.Shared",
        ["System.Text.Json.Nodes.JsonArray"] = AnyOther,
        ["System.Text.Json.Nodes.JsonObject"] = AnyOther,
        ["System.Text.StringBuilder"] = AnyOther,
    };

    /// <summary>What to use instead of a type that plainly breaks when two threads change it; null for any other type.</summary>
    public static string? RemedyFor(ITypeSymbol? type)
    {
        for (ITypeSymbol? at = type; at is not null; at = at.BaseType)
        {
            if (s_remedies.TryGetValue($"{at.ContainingNamespace}.{at.Name}", out string? remedy))
            {
                return remedy;
            }
        }

        return null;
    }

    /// <summary>Whether a type is made for several threads, so that a field of it is accepted even where it is not readonly.</summary>
    public static bool IsThreadSafe(ITypeSymbol type) =>
        type.ContainingNamespace?.ToDisplayString() is "System.Collections.Concurrent" or "System.Threading.Channels"
        || (type.IsReferenceType && type.ContainingNamespace?.ToDisplayString() == "System.Threading");

    /// <summary>Whether each thread has the field for itself.</summary>
    public static bool IsOfOneThread(IFieldSymbol field) =>
        field.GetAttributes().Any(a => a.AttributeClass?.Name == "ThreadStaticAttribute");
}
