using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ryuso;

/// <summary>What TLS needs, from files or from the certificate store of the user.</summary>
internal static class TlsFiles
{
    /// <param name="certificate">A PEM or PFX file, or <c>store:SUBJECT</c>.</param>
    /// <param name="key">The key's PEM file; null where the certificate's file has it.</param>
    /// <param name="password">Opens a PFX file.</param>
    /// <param name="clientAuthority">A PEM file with the certificate that has signed those of the clients; null where clients need none.</param>
    /// <exception cref="CryptographicException">There is no such certificate.</exception>
    public static SslServerAuthenticationOptions Read(string certificate, string? key, string? password, string? clientAuthority)
    {
        var options = new SslServerAuthenticationOptions { ServerCertificate = ReadCertificate(certificate, key, password) };
        if (clientAuthority is not null)
        {
            var authority = X509CertificateLoader.LoadCertificateFromFile(clientAuthority);
            options.ClientCertificateRequired = true;
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.Add(authority);
        }

        return options;
    }

    private static X509Certificate2 ReadCertificate(string certificate, string? key, string? password)
    {
        if (certificate.StartsWith("store:", StringComparison.Ordinal))
        {
            using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser, OpenFlags.ReadOnly);
            return store.Certificates.Find(X509FindType.FindBySubjectName, certificate[6..], validOnly: false).FirstOrDefault(c => c.HasPrivateKey)
                ?? throw new CryptographicException($"The user's certificate store has no certificate of '{certificate[6..]}' with a private key.");
        }

        return certificate.EndsWith(".pfx", StringComparison.OrdinalIgnoreCase) || certificate.EndsWith(".p12", StringComparison.OrdinalIgnoreCase)
            ? X509CertificateLoader.LoadPkcs12FromFile(certificate, password)
            : X509Certificate2.CreateFromPemFile(certificate, key ?? certificate);
    }
}
