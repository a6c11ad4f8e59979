using System.Text.Json;

namespace Ryuso.Json;

/// <summary>How many objects and lists may stand in one another: one limit for all that is read and written, so that what was written can be read.</summary>
internal static class JsonDepth
{
    /// <summary>Of a request, an answer or a journaled pool.</summary>
    public const int Max = 64;

    /// <summary>Of one variable's value, which stands in a pool, which stands in a request.</summary>
    public const int MaxValue = Max - 2;

    /// <summary>For what is recorded: journals of older versions may hold deeper values, and a run must never be lost to its own record.</summary>
    public static readonly JsonDocumentOptions Reading = new() { MaxDepth = 1024 };
}
