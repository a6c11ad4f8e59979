using System.Globalization;

namespace Ryuso.Sqlite;

/// <summary>Says that this process, and no other, writes runs into a journal: a lock on a file beside it, which the system lets go when the process ends, however it ends.</summary>
internal sealed class JournalLock : IDisposable
{
    // On the journal itself a lock of ours would get in the way of SQLite's own.
    private const string Suffix = "-claim";

    private readonly FileStream _lock;

    private JournalLock(FileStream claim) => _lock = claim;

    /// <exception cref="JournalException">Another process has it.</exception>
    public static JournalLock Take(string journal)
    {
        string path = journal + Suffix;
        try
        {
            var claim = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            claim.SetLength(0);
            claim.Write(System.Text.Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n")));
            claim.Flush();
            return new JournalLock(claim);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new JournalException($"The journal '{journal}' cannot be claimed: '{path}' may not be written. Give this user the right to write the file and its folder.", exception);
        }
        catch (DirectoryNotFoundException exception)
        {
            throw new JournalException($"The journal '{journal}' cannot be made: its folder does not exist.", exception);
        }
        catch (IOException exception)
        {
            throw new JournalException($"The journal '{journal}' is in use by another server. Stop that one, or give this one a file of its own.", exception);
        }
    }

    public void Dispose() => _lock.Dispose();
}
