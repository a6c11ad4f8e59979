using System.ComponentModel;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ryuso.Server.Loops;

/// <summary>Calls of Linux that .NET has no name for, or makes two of where one will do.</summary>
internal static partial class LinuxNative
{
    private const string C = "libc";
    private const int DoNotWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int More = 0x8000;
    public const int Interrupted = 4;
    private const int WouldBlock = 11;
    private const int BadHandle = 9;
    private const int OutOfMemory = 12;
    private const int BrokenPipe = 32;
    private const int NotASocket = 88;
    private const int NetworkUnreachable = 101;
    private const int ConnectionAborted = 103;
    private const int ConnectionReset = 104;
    private const int NoBuffers = 105;
    private const int NotConnected = 107;
    private const int TimedOut = 110;
    private const int HostUnreachable = 113;
    private const int OpenFiles = 7;

    // The C library is part of every process, whatever its file is called here.
    static LinuxNative() => NativeLibrary.SetDllImportResolver(
        typeof(LinuxNative).Assembly, static (name, _, _) => name == C ? NativeLibrary.GetMainProgramHandle() : 0);

    /// <summary>Receives what is there without waiting, whether the socket is a blocking one or not. False where nothing is.</summary>
    /// <exception cref="SocketException">The connection is lost.</exception>
    public static unsafe bool TryReceive(SafeHandle socket, Span<byte> room, out int count)
    {
        fixed (byte* pointer = room)
        {
            do
            {
                count = (int)Receive(socket, pointer, (nuint)room.Length, DoNotWait);
            }
            while (count < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        }

        return count >= 0 || (Error() is { } error ? throw error : false);
    }

    /// <summary>Sends what the other side takes without waiting.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="bytes">What to send.</param>
    /// <param name="isLast">Whether the end of the stream follows at once, so that both can travel in one packet.</param>
    /// <exception cref="SocketException">The connection is lost.</exception>
    public static unsafe int TrySend(SafeHandle socket, ReadOnlySpan<byte> bytes, bool isLast)
    {
        int count;
        fixed (byte* pointer = bytes)
        {
            do
            {
                count = (int)Send(socket, pointer, (nuint)bytes.Length, isLast ? DoNotWait | NoSignal | More : DoNotWait | NoSignal);
            }
            while (count < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        }

        return count >= 0 ? count : Error() is { } error ? throw error : 0;
    }

    /// <summary>How many more files and sockets the process may open.</summary>
    public static unsafe long DescriptorsLeft()
    {
        ulong* limits = stackalloc ulong[2];
        if (!Environment.Is64BitProcess || GetLimit(OpenFiles, limits) != 0)
        {
            return int.MaxValue;
        }

        long limit = (long)Math.Min(limits[0], int.MaxValue);
        try
        {
            return limit - Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Where /proc may not be read, the limit itself is the best that is known.
            return limit;
        }
    }

    /// <summary>Something that a thread can wait for and another one signal.</summary>
    public static SafeFileHandle NewEvent()
    {
        int handle = CreateEvent(0, flags: 0x80800);
        return handle >= 0 ? new SafeFileHandle(handle, ownsHandle: true) : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    public static unsafe void Signal(SafeFileHandle handle)
    {
        ulong one = 1;
        _ = Write(handle, (byte*)&one, sizeof(ulong));
    }

    /// <summary>Writes all of it, waiting as long as it takes.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static unsafe void WriteAll(SafeFileHandle file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* pointer = bytes)
        {
            for (nint written = 0; written < bytes.Length;)
            {
                nint count = Write(file, pointer + written, (nuint)(bytes.Length - written));
                if (count < 0 && Marshal.GetLastPInvokeError() is not Interrupted and var error)
                {
                    throw new IOException(Marshal.GetPInvokeErrorMessage(error));
                }

                written += Math.Max(count, 0);
            }
        }
    }

    /// <summary>Whether a socket has failed or the other side has closed both directions of it.</summary>
    public static unsafe bool HasHungUp(SafeHandle socket)
    {
        const long ErrorOrHangUp = 0x008 | 0x010;
        bool isHeld = false;
        try
        {
            socket.DangerousAddRef(ref isHeld);
            byte* poll = stackalloc byte[8];
            *(int*)poll = (int)socket.DangerousGetHandle();
            *(int*)(poll + 4) = 0;
            return Poll(poll, 1, timeout: 0) > 0 && (*(short*)(poll + 6) & ErrorOrHangUp) != 0;
        }
        finally
        {
            if (isHeld)
            {
                socket.DangerousRelease();
            }
        }
    }

    /// <summary>What is at a path itself, a symbolic link included; null where nothing is, or where the system does not say.</summary>
    public static unsafe FileStatus? TryGetFileStatus(string path)
    {
        const int CurrentDirectory = -100;
        const int DoNotFollow = 0x100;
        const uint TypeAndInode = 0x101;
        byte* status = stackalloc byte[256];
        try
        {
            if (GetFileStatus(CurrentDirectory, path, DoNotFollow, TypeAndInode, status) != 0)
            {
                return null;
            }
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }

        // The layout of struct statx is the same on every processor.
        int type = *(ushort*)(status + 28) & 0xF000;
        return new FileStatus(type == 0xC000, *(long*)(status + 136), *(long*)(status + 32));
    }

    /// <summary>What is known of a file.</summary>
    public readonly record struct FileStatus(bool IsSocket, long Device, long Inode);

    [LibraryImport(C, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int GetFileStatus(int folder, string path, int flags, uint mask, byte* status);

    [LibraryImport(C, EntryPoint = "poll", SetLastError = true)]
    private static unsafe partial int Poll(byte* sockets, nuint count, int timeout);

    [LibraryImport(C, EntryPoint = "eventfd", SetLastError = true)]
    private static partial int CreateEvent(uint start, int flags);

    [LibraryImport(C, EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(SafeFileHandle handle, byte* bytes, nuint length);

    [LibraryImport(C, EntryPoint = "getrlimit", SetLastError = true)]
    private static unsafe partial int GetLimit(int resource, ulong* limits);

    [LibraryImport(C, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport(C, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static unsafe partial int EpollControl(SafeFileHandle epoll, int operation, SafeHandle socket, byte* interest);

    [LibraryImport(C, EntryPoint = "epoll_wait", SetLastError = true)]
    public static unsafe partial int EpollWait(SafeFileHandle epoll, byte* events, int most, int timeout);

    [LibraryImport(C, EntryPoint = "recv", SetLastError = true)]
    private static unsafe partial nint Receive(SafeHandle socket, byte* room, nuint length, int flags);

    [LibraryImport(C, EntryPoint = "send", SetLastError = true)]
    private static unsafe partial nint Send(SafeHandle socket, byte* bytes, nuint length, int flags);

    /// <summary>The exception for the last call's errno; null where the call would only have had to wait.</summary>
    private static SocketException? Error() => Marshal.GetLastPInvokeError() switch
    {
        WouldBlock => null,
        BrokenPipe => new SocketException((int)SocketError.Shutdown),
        ConnectionReset => new SocketException((int)SocketError.ConnectionReset),
        ConnectionAborted => new SocketException((int)SocketError.ConnectionAborted),
        TimedOut => new SocketException((int)SocketError.TimedOut),
        NotConnected => new SocketException((int)SocketError.NotConnected),
        HostUnreachable => new SocketException((int)SocketError.HostUnreachable),
        NetworkUnreachable => new SocketException((int)SocketError.NetworkUnreachable),
        NoBuffers or OutOfMemory => new SocketException((int)SocketError.NoBufferSpaceAvailable),
        BadHandle or NotASocket => new SocketException((int)SocketError.NotSocket),
        int other => new SocketException((int)SocketError.SocketError, $"The system reported errno {other}."),
    };
}
