using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Ryuso.Server.Transport;

/// <summary>Options of a socket that Linux has and .NET has no name for.</summary>
internal static class LinuxSocketOptions
{
    private const int SolSocket = 1;
    private const int SoReusePort = 15;
    private const int SoAttachFilter = 26;

    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    public static void ReusePort(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("Several processes can share a port on Linux only.");
        }

        socket.SetRawSocketOption(SolSocket, SoReusePort, BitConverter.GetBytes(1));
    }

    /// <summary>Lets the kernel drop the first packet of every new connection. Elsewhere than on Linux it does nothing.</summary>
    public static void DropIncomingConnections(Socket socket)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess || !BitConverter.IsLittleEndian)
        {
            return;
        }

        // For the classic packet filter: load the byte of the TCP flags; is SYN among them? then keep nothing, otherwise all of it.
        ulong[] filter =
        [
            0x0000_000D_0000_0030, 0x0000_0002_0000_0054, 0x0000_0002_0100_0015, 0x0000_0000_0000_0006, 0xFFFF_FFFF_0000_0006,
        ];
        GCHandle handle = GCHandle.Alloc(filter, GCHandleType.Pinned);
        try
        {
            long address = handle.AddrOfPinnedObject().ToInt64();
            byte[] program = [.. BitConverter.GetBytes((long)filter.Length), .. BitConverter.GetBytes(address)];
            socket.SetRawSocketOption(SolSocket, SoAttachFilter, program);
        }
        finally
        {
            handle.Free();
        }
    }
}
