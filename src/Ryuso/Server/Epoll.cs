using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ryuso;

/// <summary>Somebody who wants to know when a socket has something to read.</summary>
internal abstract class Watched
{
    /// <summary>Its place in <see cref="Epoll"/>; -1 for none.</summary>
    internal int Place { get; set; } = -1;

    /// <summary>Whether whoever is told of something is likely to be told again in a moment.</summary>
    public virtual bool ComesAgain => true;

    /// <summary>There is something to read, or there was a moment ago.</summary>
    /// <param name="hasEnded">Whether the other side has also sent its end, or the socket has failed.</param>
    public abstract void Ready(bool hasEnded);
}

/// <summary>Linux's list of the sockets that have something to read. To wait and to take is for one thread at a time; everything else is for any.</summary>
internal sealed class Epoll : IDisposable
{
    private const int MostAtOnce = 128;
    private const int Add = 1;
    private const int Delete = 2;
    private const int Change = 3;
    private const uint Readable = 0x001;
    private const uint Failed = 0x008 | 0x010;
    private const uint HalfClosed = 0x2000;
    private const uint OnlyChanges = 1u << 31;

    // The kernel packs the structure on this one processor.
    private static readonly int DataAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int Size = DataAt + 8;

    private readonly SafeFileHandle _epoll;
    private readonly byte[] _events = GC.AllocateUninitializedArray<byte>(MostAtOnce * 16, pinned: true);
    private readonly Lock _gate = new();
    private readonly Stack<int> _free = new();
    private readonly List<(Watched? Watched, uint Generation)> _places = [];
    private int _watched;
    private int _next;
    private int _count;

    public Epoll()
    {
        int handle = LinuxCalls.EpollCreate(flags: 0x80000);
        _epoll = new SafeFileHandle(handle, ownsHandle: true);
        if (handle < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>How many sockets it watches.</summary>
    public int Count => Volatile.Read(ref _watched);

    /// <summary>Watches a socket until it is closed.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="watched">Who is to know.</param>
    /// <param name="onlyChanges">Whether to tell it only when something new comes, or for as long as something is there.</param>
    public void Watch(SafeHandle socket, Watched watched, bool onlyChanges)
    {
        int place;
        lock (_gate)
        {
            if (!_free.TryPop(out place))
            {
                place = _places.Count;
                _places.Add(default);
            }

            _places[place] = (watched, _places[place].Generation);
            _watched++;
        }

        watched.Place = place;
        try
        {
            Control(Add, socket, watched, Readable | HalfClosed | (onlyChanges ? OnlyChanges : 0));
        }
        catch
        {
            Forget(watched);
            throw;
        }
    }

    /// <summary>Tells nothing of a socket for a while, or again for as long as something is there.</summary>
    public void Mute(SafeHandle socket, Watched watched, bool isMuted) => Control(Change, socket, watched, isMuted ? 0 : Readable);

    /// <summary>Leaves a socket that stays open to somebody else.</summary>
    public void Leave(SafeHandle socket, Watched watched)
    {
        Control(Delete, socket, watched, events: 0);
        Forget(watched);
    }

    /// <summary>Tells it no more, not even what is known already. The socket is about to be closed, which ends the rest.</summary>
    public void Forget(Watched watched)
    {
        lock (_gate)
        {
            if (watched.Place >= 0)
            {
                _places[watched.Place] = (null, _places[watched.Place].Generation + 1);
                _free.Push(watched.Place);
                watched.Place = -1;
                _watched--;
            }
        }
    }

    /// <summary>Looks whether there is something to tell.</summary>
    /// <param name="wait">Whether to wait until there is.</param>
    public unsafe bool TryFind(bool wait)
    {
        fixed (byte* pointer = _events)
        {
            int count = LinuxCalls.EpollWait(_epoll, pointer, MostAtOnce, wait ? -1 : 0);
            _next = 0;
            _count = Math.Max(count, 0);
        }

        return _count > 0;
    }

    /// <summary>Takes the next of what <see cref="TryFind"/> has found.</summary>
    public bool TryTake(out Watched watched, out bool hasEnded)
    {
        while (_next < _count)
        {
            ReadOnlySpan<byte> found = _events.AsSpan(_next++ * Size, Size);
            uint what = BinaryPrimitives.ReadUInt32LittleEndian(found);
            ulong data = BinaryPrimitives.ReadUInt64LittleEndian(found[DataAt..]);
            hasEnded = (what & (Failed | HalfClosed)) != 0;
            lock (_gate)
            {
                (Watched? candidate, uint generation) = _places[(int)(uint)data];
                if (candidate is not null && generation == (uint)(data >> 32))
                {
                    watched = candidate;
                    return true;
                }
            }
        }

        watched = null!;
        hasEnded = false;
        return false;
    }

    public void Dispose() => _epoll.Dispose();

    private unsafe void Control(int operation, SafeHandle socket, Watched watched, uint events)
    {
        Span<byte> interest = stackalloc byte[16];
        lock (_gate)
        {
            if (watched.Place < 0)
            {
                return;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(interest, events);
            BinaryPrimitives.WriteUInt64LittleEndian(interest[DataAt..], ((ulong)_places[watched.Place].Generation << 32) | (uint)watched.Place);
        }

        fixed (byte* pointer = interest)
        {
            if (LinuxCalls.EpollControl(_epoll, operation, socket, pointer) < 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }
        }
    }
}
