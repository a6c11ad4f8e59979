using System.Buffers;
using System.Diagnostics;
using Ryuso.Protocol;

namespace Ryuso.Server.Connections;

/// <summary>What a client has sent and has not been answered yet: finds one request after the other in it.</summary>
/// <remarks>
/// The bytes from <c>_from</c> to <c>_to</c> are pending. A request is found once (<see cref="Scan"/>, or by another parser in
/// <see cref="Unscanned"/>) and then consumed, in that order; the room is reused once nothing is pending. One user at a time.
/// </remarks>
[DebuggerDisplay("{_to - _from} bytes pending of {_bytes.Length}, {_found}")]
internal sealed class ReceiveBuffer(int maxRequestBytes, int maxDepth, MemoryBudget budget)
{
    private const int InitialBytes = 4096;
    private const byte ByteOrderMark = 0xEF;
    private const int BusyBytes = 4 * InitialBytes;
    private const int MaxPooledBytes = 1024 * 1024;

    private byte[] _bytes = new byte[Math.Min(InitialBytes, maxRequestBytes)];
    private int _from;
    private int _to;
    private bool _overflowed;
    private RequestFramer _framer = new(maxDepth);
    private FramingResult _found;

    // What the budget has given for the room beyond BusyBytes.
    private long _reserved;

    /// <summary>Whether a request has begun and is not complete.</summary>
    public bool HasPending => _from < _to;

    /// <summary>Whether the client has shown the server's token, or needs none. Set only while nothing is reserved.</summary>
    public bool IsAuthorized { get; set; }

    /// <summary>Whether the request is as long as one may be.</summary>
    public bool IsFull => _to - _from >= maxRequestBytes;

    /// <summary>The request that <see cref="Scan"/> has found.</summary>
    public ReadOnlyMemory<byte> Request => _bytes.AsMemory(_from, _framer.Length);

    public ReadOnlySpan<byte> RequestSpan => _bytes.AsSpan(_from, _framer.Length);

    /// <summary>What has come of a request that is not complete.</summary>
    public ReadOnlySpan<byte> Pending => _bytes.AsSpan(_from, _to - _from);

    /// <summary>What begins with a request that nobody has looked at yet; empty where there is none.</summary>
    public ReadOnlySpan<byte> Unscanned => _framer.Length == 0 ? Pending : default;

    public ref readonly EnvelopeOffsets Offsets => ref _framer.Offsets;

    /// <summary>Looks for a request's end in what is new.</summary>
    public FramingResult Scan()
    {
        if (_found != FramingResult.NeedMore || _from == _to)
        {
            return _found;
        }

        _found = _framer.Scan(_bytes.AsSpan(_from, _to - _from));
        if (_found == FramingResult.NeedMore && !_framer.HasBegun && _bytes[_from] != ByteOrderMark)
        {
            // Newlines between requests belong to none.
            _from = _to = 0;
            _framer = new RequestFramer(maxDepth);
        }

        return _found;
    }

    /// <summary>The request that was found has been answered.</summary>
    public void ConsumeRequest()
    {
        _from += _framer.Length;
        _framer = new RequestFramer(maxDepth);
        _found = default;
        if (_from == _to && _reserved > 0)
        {
            // The answer may take long to send: the room of a large request is not kept meanwhile.
            _from = _to = 0;
            Resize();
        }
    }

    /// <summary>The request that <see cref="Unscanned"/> begins with has been answered.</summary>
    public void Consume(int length) => _from += length;

    /// <summary>The client has shown the server's token.</summary>
    public void Authorize()
    {
        if (!IsAuthorized)
        {
            IsAuthorized = true;
            budget.Authorize(_reserved);
        }
    }

    /// <summary>Where to receive more. False where the request needs more room than the budget of all connections has left.</summary>
    public bool TryGetMemory(out Memory<byte> room)
    {
        int length = _to - _from;
        if (length == 0)
        {
            _from = _to = 0;
            Resize();
        }
        else if (_to == _bytes.Length)
        {
            int size = length == _bytes.Length ? (int)Math.Min(_bytes.Length * 2L, maxRequestBytes) : _bytes.Length;
            if (!TryReserve(size))
            {
                room = default;
                return false;
            }

            Move(size);
        }

        room = _bytes.AsMemory(_to, Math.Min(_bytes.Length - _to, maxRequestBytes - (_to - _from)));
        return true;
    }

    public void Advance(int count)
    {
        Debug.Assert(count >= 0 && _to + count <= _bytes.Length, "More was received than there was room for.");
        _to += count;
        _overflowed = _to == _bytes.Length;
    }

    public void Clear()
    {
        _from = _to = 0;
        _framer = new RequestFramer(maxDepth);
        _found = default;
        Resize();
    }

    private bool TryReserve(int size)
    {
        long more = size > BusyBytes ? size - _reserved : 0;
        if (more > 0 && !budget.TryReserve(more, IsAuthorized))
        {
            return false;
        }

        _reserved += Math.Max(more, 0);
        return true;
    }

    private void Move(int size)
    {
        // The shared pool would hold on to a very large one for long.
        byte[] target = size == _bytes.Length ? _bytes
            : size > MaxPooledBytes ? GC.AllocateUninitializedArray<byte>(size)
            : ArrayPool<byte>.Shared.Rent(size);
        _bytes.AsSpan(_from, _to - _from).CopyTo(target);
        if (target != _bytes)
        {
            ReturnArray();
            _bytes = target;
        }

        _to -= _from;
        _from = 0;
    }

    /// <summary>Many small requests at once get more room; the room that one large request needed is not kept.</summary>
    private void Resize()
    {
        if (_reserved > 0)
        {
            budget.Release(_reserved, IsAuthorized);
            _reserved = 0;
        }

        if (_bytes.Length > BusyBytes)
        {
            ReturnArray();
            _bytes = new byte[InitialBytes];
        }
        else if (_overflowed && _bytes.Length == InitialBytes && maxRequestBytes >= BusyBytes)
        {
            _bytes = ArrayPool<byte>.Shared.Rent(BusyBytes);
        }

        _overflowed = false;
    }

    private void ReturnArray()
    {
        if (_bytes.Length is > InitialBytes and <= MaxPooledBytes)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }
    }
}
