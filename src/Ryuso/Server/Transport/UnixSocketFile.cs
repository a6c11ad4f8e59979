using System.Net.Sockets;
using System.Runtime.Versioning;
using Ryuso.Server.Loops;

namespace Ryuso.Server.Transport;

/// <summary>
/// The file of a Unix domain socket. It outlives a server that was killed, so a start removes it; but only a socket
/// that nobody listens on, and at the stop only the file that this server made.
/// </summary>
internal sealed class UnixSocketFile
{
    private readonly (long Device, long Inode) _identity;
    private bool _isDeleted;

    private UnixSocketFile(string path, (long Device, long Inode) identity)
    {
        Path = path;
        _identity = identity;
    }

    public string Path { get; }

    /// <summary>Makes room for a socket at the path.</summary>
    /// <exception cref="SocketException">Another process listens there.</exception>
    /// <exception cref="IOException">Something else than a socket is there.</exception>
    public static void RemoveStale(string path)
    {
        if (new FileInfo(path) is { Exists: false, LinkTarget: null } && !Directory.Exists(path))
        {
            return;
        }

        if (!OperatingSystem.IsLinux() || Identify(path) is not { IsSocket: true })
        {
            throw new IOException($"'{path}' exists and is not a socket that a server left behind. Remove it, or choose another path");
        }

        // Without blocking: a server that does not accept has a full queue, and is there all the same.
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
        {
        }

        throw new SocketException((int)SocketError.AddressAlreadyInUse);
    }

    /// <summary>Remembers the file of a socket that has just been bound, and gives it its mode before anybody can connect.</summary>
    /// <param name="path">Where the socket is bound.</param>
    /// <param name="mode">Who may connect (with write permission); null leaves it to the process's umask.</param>
    public static UnixSocketFile Bound(string path, UnixFileMode? mode)
    {
        if (mode is { } given && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, given);
        }

        return new UnixSocketFile(path, OperatingSystem.IsLinux() && Identify(path) is { } found ? (found.Device, found.Inode) : default);
    }

    /// <summary>Removes the file, unless another one has taken its place.</summary>
    public void Delete()
    {
        if (_isDeleted)
        {
            return;
        }

        // Once: the number of a file that is gone may be given to the next one.
        _isDeleted = true;
        if (!OperatingSystem.IsLinux() || (Identify(Path) is { } found && (found.Device, found.Inode) == _identity))
        {
            try
            {
                File.Delete(Path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The next start removes it, where it may.
            }
        }
    }

    [SupportedOSPlatform("linux")]
    private static LinuxNative.FileStatus? Identify(string path) => LinuxNative.TryGetFileStatus(path);
}
