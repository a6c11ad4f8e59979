using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ryuso.Server.Loops;

/// <summary>Somebody who wants to know when a socket has something to read.</summary>
internal abstract class EpollHandler
{
    /// <summary>Its place in <see cref="Epoll"/>; -1 for none.</summary>
    internal int SlotIndex { get; set; } = -1;

    /// <summary>Whether whoever is told of something is likely to be told again in a moment.</summary>
    public virtual bool ExpectsMoreSoon => true;

    /// <summary>There is something to read, or there was a moment ago.</summary>
    /// <param name="hasEnded">Whether the other side has also sent its end, or the socket has failed.</param>
    public abstract void OnReadable(bool hasEnded);
}

/// <summary>Linux's list of the sockets that have something to read. To wait and to take is for one thread at a time; everything else is for any.</summary>
internal sealed class Epoll : IDisposable
{
    private const int MaxEventsPerPoll = 128;
    private const int Add = 1;
    private const int Delete = 2;
    private const int Change = 3;
    private const uint Readable = 0x001;
    private const uint ErrorOrHangUp = 0x008 | 0x010;
    private const uint HalfClosed = 0x2000;
    private const uint EdgeTriggered = 1u << 31;

    // The kernel packs the structure on this one processor.
    private static readonly int s_dataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int s_eventSize = s_dataOffset + 8;

    private readonly SafeFileHandle _epoll;
    private readonly byte[] _events = GC.AllocateUninitializedArray<byte>(MaxEventsPerPoll * 16, pinned: true);
    private readonly Lock _gate = new();
    private readonly Stack<int> _freeSlots = new();
    private readonly List<(EpollHandler? Watched, uint Generation)> _slots = [];
    private int _registered;
    private int _next;
    private int _count;

    public Epoll()
    {
        int handle = LinuxNative.EpollCreate(flags: 0x80000);
        _epoll = new SafeFileHandle(handle, ownsHandle: true);
        if (handle < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>How many sockets it watches.</summary>
    public int Count => Volatile.Read(ref _registered);

    /// <summary>Watches a socket until it is closed.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="watched">Who is to know.</param>
    /// <param name="onlyChanges">Whether to tell it only when something new comes, or for as long as something is there.</param>
    public void Register(SafeHandle socket, EpollHandler watched, bool onlyChanges)
    {
        int place;
        lock (_gate)
        {
            if (!_freeSlots.TryPop(out place))
            {
                place = _slots.Count;
                _slots.Add(default);
            }

            _slots[place] = (watched, _slots[place].Generation);
            _registered++;
        }

        watched.SlotIndex = place;
        try
        {
            Control(Add, socket, watched, Readable | HalfClosed | (onlyChanges ? EdgeTriggered : 0));
        }
        catch
        {
            Unregister(watched);
            throw;
        }
    }

    /// <summary>Tells nothing of a socket for a while, or again for as long as something is there.</summary>
    public void SetSuspended(SafeHandle socket, EpollHandler watched, bool isMuted) => Control(Change, socket, watched, isMuted ? 0 : Readable);

    /// <summary>Leaves a socket that stays open to somebody else.</summary>
    public void Detach(SafeHandle socket, EpollHandler watched)
    {
        Control(Delete, socket, watched, events: 0);
        Unregister(watched);
    }

    /// <summary>Tells it no more, not even what is known already. The socket is about to be closed, which ends the rest.</summary>
    public void Unregister(EpollHandler watched)
    {
        lock (_gate)
        {
            if (watched.SlotIndex >= 0)
            {
                _slots[watched.SlotIndex] = (null, _slots[watched.SlotIndex].Generation + 1);
                _freeSlots.Push(watched.SlotIndex);
                watched.SlotIndex = -1;
                _registered--;
            }
        }
    }

    /// <summary>Looks whether there is something to tell.</summary>
    /// <param name="wait">Whether to wait until there is.</param>
    public unsafe bool Poll(bool wait)
    {
        fixed (byte* pointer = _events)
        {
            int count = LinuxNative.EpollWait(_epoll, pointer, MaxEventsPerPoll, wait ? -1 : 0);
            _next = 0;
            _count = Math.Max(count, 0);
        }

        return _count > 0;
    }

    /// <summary>Takes the next of what <see cref="Poll"/> has found.</summary>
    public bool TryDequeueEvent(out EpollHandler watched, out bool hasEnded)
    {
        while (_next < _count)
        {
            ReadOnlySpan<byte> found = _events.AsSpan(_next++ * s_eventSize, s_eventSize);
            uint what = BinaryPrimitives.ReadUInt32LittleEndian(found);
            ulong data = BinaryPrimitives.ReadUInt64LittleEndian(found[s_dataOffset..]);
            hasEnded = (what & (ErrorOrHangUp | HalfClosed)) != 0;
            lock (_gate)
            {
                (EpollHandler? candidate, uint generation) = _slots[(int)(uint)data];
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

    private unsafe void Control(int operation, SafeHandle socket, EpollHandler watched, uint events)
    {
        Span<byte> interest = stackalloc byte[16];
        lock (_gate)
        {
            if (watched.SlotIndex < 0)
            {
                return;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(interest, events);
            BinaryPrimitives.WriteUInt64LittleEndian(interest[s_dataOffset..], ((ulong)_slots[watched.SlotIndex].Generation << 32) | (uint)watched.SlotIndex);
        }

        fixed (byte* pointer = interest)
        {
            if (LinuxNative.EpollControl(_epoll, operation, socket, pointer) < 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }
        }
    }
}
