using System.Buffers;

namespace Ryuso;

/// <summary>What a client has sent and nobody has answered yet: finds one request after the other in it.</summary>
internal sealed class Inbox(int maxRequestBytes, int maxDepth)
{
    private const int Usual = 4096;
    private const byte ByteOrderMark = 0xEF;
    private const int Busy = 4 * Usual;
    private const int MostShared = 1024 * 1024;

    private byte[] _bytes = new byte[Math.Min(Usual, maxRequestBytes)];
    private int _from;
    private int _to;
    private bool _overflowed;
    private RequestScanner _scanner = new(maxDepth);
    private ScanResult _found;

    /// <summary>Whether a request has begun and is not complete.</summary>
    public bool HasPart => _from < _to;

    /// <summary>Whether the request is as long as one may be.</summary>
    public bool IsFull => _to - _from >= maxRequestBytes;

    /// <summary>The request that <see cref="Scan"/> has found.</summary>
    public ReadOnlyMemory<byte> Request => _bytes.AsMemory(_from, _scanner.Length);

    public ReadOnlySpan<byte> RequestSpan => _bytes.AsSpan(_from, _scanner.Length);

    /// <summary>What has come of a request that is not complete.</summary>
    public ReadOnlySpan<byte> Part => _bytes.AsSpan(_from, _to - _from);

    /// <summary>What begins with a request that nobody has looked at yet; empty where there is none.</summary>
    public ReadOnlySpan<byte> Fresh => _scanner.Length == 0 ? Part : default;

    public ref readonly RequestMarks Marks => ref _scanner.Marks;

    /// <summary>Looks for a request's end in what is new.</summary>
    public ScanResult Scan()
    {
        if (_found != ScanResult.NeedMore || _from == _to)
        {
            return _found;
        }

        _found = _scanner.Scan(_bytes.AsSpan(_from, _to - _from));
        if (_found == ScanResult.NeedMore && !_scanner.HasBegun && _bytes[_from] != ByteOrderMark)
        {
            // Newlines between requests belong to none.
            _from = _to = 0;
            _scanner = new RequestScanner(maxDepth);
        }

        return _found;
    }

    /// <summary>The request that was found has been answered.</summary>
    public void Next()
    {
        _from += _scanner.Length;
        _scanner = new RequestScanner(maxDepth);
        _found = default;
    }

    /// <summary>The request that <see cref="Fresh"/> begins with has been answered.</summary>
    public void Skip(int length) => _from += length;

    /// <summary>Where to receive more.</summary>
    public Memory<byte> Room()
    {
        int length = _to - _from;
        if (length == 0)
        {
            _from = _to = 0;
            Fit();
        }
        else if (_to == _bytes.Length)
        {
            Move(length == _bytes.Length ? (int)Math.Min(_bytes.Length * 2L, maxRequestBytes) : _bytes.Length);
        }

        return _bytes.AsMemory(_to, Math.Min(_bytes.Length - _to, maxRequestBytes - (_to - _from)));
    }

    public void Received(int count)
    {
        _to += count;
        _overflowed = _to == _bytes.Length;
    }

    public void Clear()
    {
        _from = _to = 0;
        _scanner = new RequestScanner(maxDepth);
        _found = default;
        Fit();
    }

    private void Move(int size)
    {
        // The shared pool would hold on to a very large one for long.
        byte[] target = size == _bytes.Length ? _bytes
            : size > MostShared ? GC.AllocateUninitializedArray<byte>(size)
            : ArrayPool<byte>.Shared.Rent(size);
        _bytes.AsSpan(_from, _to - _from).CopyTo(target);
        if (target != _bytes)
        {
            GiveBack();
            _bytes = target;
        }

        _to -= _from;
        _from = 0;
    }

    /// <summary>Many small requests at once get more room; the room that one large request needed is not kept.</summary>
    private void Fit()
    {
        if (_bytes.Length > Busy)
        {
            GiveBack();
            _bytes = new byte[Usual];
        }
        else if (_overflowed && _bytes.Length == Usual && maxRequestBytes >= Busy)
        {
            _bytes = ArrayPool<byte>.Shared.Rent(Busy);
        }

        _overflowed = false;
    }

    private void GiveBack()
    {
        if (_bytes.Length is > Usual and <= MostShared)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }
    }
}
