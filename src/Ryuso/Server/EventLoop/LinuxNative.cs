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
    private const int Interrupted = 4;
    private const int WouldBlock = 11;
    private const int BrokenPipe = 32;
    private const int TimedOut = 110;
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
        return Environment.Is64BitProcess && GetLimit(OpenFiles, limits) == 0
            ? (long)Math.Min(limits[0], int.MaxValue) - Directory.EnumerateFileSystemEntries("/proc/self/fd").Count()
            : int.MaxValue;
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

    private static SocketException? Error() => Marshal.GetLastPInvokeError() switch
    {
        WouldBlock => null,
        BrokenPipe => new SocketException((int)SocketError.Shutdown),
        TimedOut => new SocketException((int)SocketError.TimedOut),
        _ => new SocketException((int)SocketError.ConnectionReset),
    };
}
