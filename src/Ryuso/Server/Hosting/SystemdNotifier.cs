using System.Net.Sockets;
using System.Text;

namespace Ryuso.Server.Hosting;

/// <summary>Tells systemd how the service is (<c>Type=notify</c>); nobody where no service manager asks.</summary>
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
        catch (SocketException)
        {
            // A service manager that does not listen is no reason not to serve.
        }
    }
}
