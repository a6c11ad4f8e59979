using System.Net.Sockets;

namespace Ryuso.Server.Loops;

/// <summary>Receives and sends without waiting.</summary>
internal static class NonBlockingSocket
{
    /// <summary>Takes what is there. False where nothing is.</summary>
    /// <exception cref="SocketException">The connection is lost.</exception>
    public static bool TryReceive(Socket socket, Span<byte> room, out int count)
    {
        if (OperatingSystem.IsLinux())
        {
            return LinuxNative.TryReceive(socket.SafeHandle, room, out count);
        }

        socket.Blocking = false;
        count = socket.Receive(room, SocketFlags.None, out SocketError error);
        return error switch
        {
            SocketError.Success => true,
            SocketError.WouldBlock => false,
            _ => throw new SocketException((int)error),
        };
    }

    /// <summary>Whether the other side has reset the connection, or on Linux closed both directions of it.</summary>
    public static bool HasHungUp(Socket socket) =>
        OperatingSystem.IsLinux() ? LinuxNative.HasHungUp(socket.SafeHandle) : socket.Poll(0, SelectMode.SelectError);

    /// <summary>Sends what the other side takes at once. How much that is.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="bytes">What to send.</param>
    /// <param name="isLast">Whether the end of the stream follows at once, so that both can travel in one packet.</param>
    /// <exception cref="SocketException">The connection is lost.</exception>
    public static int TrySend(Socket socket, ReadOnlySpan<byte> bytes, bool isLast)
    {
        if (OperatingSystem.IsLinux())
        {
            return LinuxNative.TrySend(socket.SafeHandle, bytes, isLast);
        }

        socket.Blocking = false;
        int count = socket.Send(bytes, SocketFlags.None, out SocketError error);
        return error is SocketError.Success or SocketError.WouldBlock ? count : throw new SocketException((int)error);
    }
}
