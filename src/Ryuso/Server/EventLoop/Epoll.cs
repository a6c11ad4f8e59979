using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ryuso.Server.Loops;

/// <summary>Is called when a socket has something to read.</summary>
internal abstract class EpollHandler
{
    /// <summary>Its index among the slots of <see cref="Epoll"/>; -1 for none.</summary>
    internal int SlotIndex { get; set; } = -1;

    /// <summary>Whether a further event is likely in a moment.</summary>
    public virtual bool ExpectsMoreSoon => true;

    /// <summary>There is something to read, or there was a moment ago.</summary>
    /// <param name="hasEnded">Whether the other side has also sent its end, or the socket has failed.</param>
    public abstract void OnReadable(bool hasEnded);
}

/// <summary>The sockets that a loop watches, and which of them have something to read (epoll).</summary>
/// <remarks>
/// <see cref="Poll"/> and <see cref="TryDequeueEvent"/> are for one thread at a time, the leader; everything else is for any thread.
/// The gate guards the slots. An event carries its slot and the slot's generation, which grows when a handler leaves: an event that was
/// already in flight for a handler that has left, or for its successor in the slot, is dropped.
/// </remarks>
[DebuggerDisplay("{Count} sockets, {_count - _next} events left")]
internal sealed class Epoll : IDisposable
{
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
    private readonly byte[] _events = GC.AllocateUninitializedArray<byte>(ServerTuning.MaxEventsPerPoll * 16, pinned: true);
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

    /// <summary>How many sockets are watched.</summary>
    public int Count => Volatile.Read(ref _registered);

    /// <summary>Watches a socket until it is closed.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="watched">What is called.</param>
    /// <param name="onlyChanges">Whether it is called once for what is new (edge-triggered), or for as long as something is there.</param>
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

        Debug.Assert(watched.SlotIndex < 0, "A handler watches one socket.");
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

    /// <summary>Suspends the events of a socket, or resumes them.</summary>
    public void SetSuspended(SafeHandle socket, EpollHandler watched, bool isMuted) =>
        Control(Change, socket, watched, isMuted ? 0 : Readable);

    /// <summary>Stops watching a socket that stays open.</summary>
    public void Detach(SafeHandle socket, EpollHandler watched)
    {
        Control(Delete, socket, watched, events: 0);
        Unregister(watched);
    }

    /// <summary>Calls a handler no more, not even for events that have been polled already. Closing the socket does the rest.</summary>
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

    /// <summary>Looks whether a socket has something to read. A signal may end the wait early, with nothing found.</summary>
    /// <param name="wait">Whether to wait until one has.</param>
    /// <exception cref="Win32Exception">The kernel refuses to look.</exception>
    public unsafe bool Poll(bool wait)
    {
        fixed (byte* pointer = _events)
        {
            int count = LinuxNative.EpollWait(_epoll, pointer, ServerTuning.MaxEventsPerPoll, wait ? -1 : 0);
            int errno = count < 0 ? Marshal.GetLastPInvokeError() : 0;
            _next = 0;
            _count = Math.Max(count, 0);
            if (errno is not 0 and not LinuxNative.Interrupted)
            {
                throw new Win32Exception(errno);
            }
        }

        return _count > 0;
    }

    /// <summary>Takes the next event that <see cref="Poll"/> has found.</summary>
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
            BinaryPrimitives.WriteUInt64LittleEndian(
                interest[s_dataOffset..], ((ulong)_slots[watched.SlotIndex].Generation << 32) | (uint)watched.SlotIndex);
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
