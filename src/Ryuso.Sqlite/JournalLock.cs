using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ryuso.Sqlite;

/// <summary>
/// Says that this journal object, and no other, writes runs into a file: a lock that the system releases when the process ends, however it
/// ends. On 64-bit Linux it is on the database file itself, so that neither another name of the file nor a deleted neighbour lets a second
/// server in. Elsewhere it is on a file beside it.
/// </summary>
/// <remarks>
/// SQLite has locks of its own on the file, which the system drops when the process closes any other handle of that file. So the lock is
/// taken before SQLite opens the file and released after it has closed it, and a second journal of the same process is refused without
/// opening the file.
/// </remarks>
internal sealed partial class JournalLock : IDisposable
{
    private const string NeighbourSuffix = "-lock";
    private const int TestLock = 36; // F_OFD_GETLK
    private const int SetLock = 37; // F_OFD_SETLK
    private const short WriteLock = 1; // F_WRLCK
    private const short Unlocked = 2; // F_UNLCK

    // Far beyond the bytes that SQLite locks.
    private const long LockedByte = long.MaxValue - 1;
    private const int TryAgain = 11; // EAGAIN
    private const int AccessDenied = 13; // EACCES

    private static readonly HashSet<FileIdentity> s_held = [];

    private readonly SafeFileHandle? _database;
    private readonly FileStream? _neighbour;
    private readonly FileIdentity? _identity;

    private JournalLock(SafeFileHandle database, FileIdentity identity) => (_database, _identity) = (database, identity);

    private JournalLock(FileStream neighbour) => _neighbour = neighbour;

    private static bool LocksDatabase { get; } = FileIdentity.IsKnown && Environment.Is64BitProcess;

    /// <summary>Makes the file where it is missing.</summary>
    /// <exception cref="JournalException">Another journal has it, or it may not be written.</exception>
    public static JournalLock Take(string path)
    {
        try
        {
            return LocksDatabase ? TakeDatabase(path) : TakeNeighbour(path);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new JournalException($"The journal '{path}' may not be written. Give this user the right to write the file and its folder.", exception);
        }
        catch (DirectoryNotFoundException exception)
        {
            throw new JournalException($"The journal '{path}' cannot be made: its folder does not exist.", exception);
        }
        catch (IOException exception)
        {
            throw new JournalException($"The journal '{path}' cannot be opened for writing: {exception.Message}", exception);
        }
    }

    /// <summary>Whether a server has the file. True where that cannot be told.</summary>
    public static bool IsTaken(string path)
    {
        FileIdentity? identity = FileIdentity.Of(path, out _);
        if (identity is null || !LocksDatabase)
        {
            return identity is not null;
        }

        lock (s_held)
        {
            if (s_held.Contains(identity))
            {
                return true;
            }

            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var test = new FileLock { Type = WriteLock, Start = LockedByte, Length = 1 };
            return Control(file, TestLock, ref test) != 0 || test.Type != Unlocked;
        }
    }

    public void Dispose()
    {
        _neighbour?.Dispose();
        if (_database is not null)
        {
            lock (s_held)
            {
                s_held.Remove(_identity!);

                // Closing alone would leave it locked while a child process that was just forked still has the descriptor.
                var unlocked = new FileLock { Type = Unlocked, Start = LockedByte, Length = 1 };
                _ = Control(_database, SetLock, ref unlocked);
                _database.Dispose();
            }
        }
    }

    private static JournalLock TakeDatabase(string path)
    {
        lock (s_held)
        {
            if (FileIdentity.Of(path, out _) is { } known && s_held.Contains(known))
            {
                throw InUse(path);
            }

            SafeFileHandle file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            var wanted = new FileLock { Type = WriteLock, Start = LockedByte, Length = 1 };
            if (Control(file, SetLock, ref wanted) != 0)
            {
                int error = Marshal.GetLastPInvokeError();
                file.Dispose();
                throw error is TryAgain or AccessDenied
                    ? InUse(path)
                    : new JournalException($"The journal '{path}' cannot be locked: {Marshal.GetPInvokeErrorMessage(error)}. Keep it on a local disk.");
            }

            FileIdentity identity = FileIdentity.Of(path, out _) ?? throw new JournalException($"The journal '{path}' was deleted while it was opened. Try again.");
            s_held.Add(identity);
            return new JournalLock(file, identity);
        }
    }

    private static JournalLock TakeNeighbour(string path)
    {
        try
        {
            return new JournalLock(new FileStream(path + NeighbourSuffix, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception) when (exception is not DirectoryNotFoundException && File.Exists(path + NeighbourSuffix))
        {
            throw InUse(path);
        }
    }

    private static JournalException InUse(string path) =>
        new($"The journal '{path}' is in use by another server. Stop that one, or give this one a file of its own.");

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, ref FileLock value);

    /// <summary><c>struct flock</c> of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }
}
