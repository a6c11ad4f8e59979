using System.Text;

namespace Ryuso.Cli.Output;

/// <summary>A stream that may end before the tool has, on a full disk for example: what follows from that is decided in one place.</summary>
internal sealed class GuardedWriter(TextWriter inner, Action<IOException> onLost) : TextWriter
{
    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Guard(() => inner.Write(value));

    public override void Write(string? value) => Guard(() => inner.Write(value));

    public override void Flush() => Guard(inner.Flush);

    private void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (IOException exception)
        {
            onLost(exception);
        }
    }
}
