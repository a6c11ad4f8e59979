namespace Ryuso.Values;

/// <summary>What an exception says. Its members are the code of whoever threw it, and may throw themselves.</summary>
internal static class ExceptionText
{
    /// <summary>The message; the type's name where the exception cannot say it.</summary>
    /// <param name="exception">The exception.</param>
    public static string MessageOf(Exception exception)
    {
        try
        {
            return exception.Message ?? exception.GetType().Name;
        }
#pragma warning disable CA1031 // Whatever an overridden Message throws: the type is known all the same.
        catch (Exception)
#pragma warning restore CA1031
        {
            return exception.GetType().Name;
        }
    }
}
