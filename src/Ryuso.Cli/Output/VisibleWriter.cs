using System.Text;

namespace Ryuso.Cli.Output;

/// <summary>Writes only what a person can see: other characters as <see cref="VisibleText"/> has them.</summary>
internal sealed class VisibleWriter(TextWriter inner) : TextWriter
{
    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value)
    {
        if (VisibleText.IsHidden(value))
        {
            inner.Write(VisibleText.Escaped(value));
        }
        else
        {
            inner.Write(value);
        }
    }

    public override void Write(string? value)
    {
        if (value is null || !value.Any(VisibleText.IsHidden))
        {
            inner.Write(value);
            return;
        }

        base.Write(value);
    }

    public override void Flush() => inner.Flush();
}
