using System.Buffers;

namespace Ryuso.Json;

/// <summary>Bytes under construction, in memory that grows with them.</summary>
internal abstract class ByteBuffer : IBufferWriter<byte>
{
    private const int InitialBytes = 1024;

    /// <summary>What has been written is its first <see cref="Length"/> bytes.</summary>
    protected byte[] Bytes { get; private set; } = new byte[InitialBytes];

    public int Length { get; protected set; }

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return Bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return Bytes.AsSpan(Length);
    }

    protected void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        Length += bytes.Length;
    }

    /// <summary>Begins anew.</summary>
    /// <param name="mostKept">A longer buffer, which one large answer needed, is not kept.</param>
    protected void Clear(int mostKept)
    {
        Length = 0;
        if (Bytes.Length > mostKept)
        {
            Bytes = new byte[InitialBytes];
        }
    }

    private void Reserve(int count)
    {
        if (Bytes.Length - Length < Math.Max(1, count))
        {
            byte[] bytes = Bytes;
            Array.Resize(ref bytes, Math.Max(bytes.Length * 2, Length + count));
            Bytes = bytes;
        }
    }
}
