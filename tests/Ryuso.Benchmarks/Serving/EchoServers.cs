using System.Net;
using System.Net.Sockets;

namespace Ryuso.Benchmarks.Serving;

/// <summary>Servers that run nothing: what the transport alone costs in C#.</summary>
internal static class EchoServers
{
    /// <summary>One thread: accept, receive, send, close.</summary>
    public static int Blocking()
    {
        Socket listener = Listen();
        new Thread(() =>
        {
            byte[] buffer = new byte[4096];
            while (true)
            {
                using Socket client = listener.Accept();
                try
                {
                    int count = client.Receive(buffer);
                    client.Send(buffer.AsSpan(0, count));
                }
                catch (SocketException)
                {
                    // A client that has gone.
                }
            }
        })
        { IsBackground = true }.Start();
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    /// <summary>Kept connections by SocketAsyncEventArgs.</summary>
    public static int Events()
    {
        Socket listener = Listen();
        new Thread(() =>
        {
            while (true)
            {
                new EchoConnection(listener.Accept()).Start();
            }
        })
        { IsBackground = true }.Start();
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    private static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(4096);
        return listener;
    }

    private sealed class EchoConnection : IDisposable
    {
        private readonly Socket _socket;
        private readonly byte[] _buffer = new byte[16 * 1024];
        private readonly SocketAsyncEventArgs _receiving = new();

        public EchoConnection(Socket socket)
        {
            _socket = socket;
            _receiving.SetBuffer(_buffer);
            _receiving.Completed += (_, _) => Answer();
        }

        public void Start()
        {
            if (!_socket.ReceiveAsync(_receiving))
            {
                ThreadPool.UnsafeQueueUserWorkItem(_ => Answer(), null);
            }
        }

        public void Dispose()
        {
            _receiving.Dispose();
            _socket.Dispose();
        }

        private void Answer()
        {
            try
            {
                do
                {
                    if (_receiving.SocketError != SocketError.Success || _receiving.BytesTransferred == 0)
                    {
                        Dispose();
                        return;
                    }

                    _socket.Send(_buffer.AsSpan(0, _receiving.BytesTransferred));
                }
                while (!_socket.ReceiveAsync(_receiving));
            }
            catch (SocketException)
            {
                Dispose();
            }
        }
    }
}
