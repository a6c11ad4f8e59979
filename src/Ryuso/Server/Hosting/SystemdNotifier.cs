using System.Net.Sockets;
using System.Text;

namespace Ryuso.Server.Hosting;

/// <summary>Reports the state of the service to systemd (<c>Type=notify</c>), where a service manager has asked for it.</summary>
internal static class SystemdNotifier
{
    public static void Notify(string state)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 0 } path)
        {
            return;
        }

        try
        {
            // A leading @ stands for the zero byte of an abstract name.
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path));
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            // A service manager that does not listen is no reason not to serve.
        }
    }
}
