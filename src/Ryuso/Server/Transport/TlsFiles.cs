using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ryuso.Server.Transport;

/// <summary>What TLS needs, from files or from the certificate store of the user.</summary>
internal static class TlsFiles
{
    /// <param name="certificate">
    /// A PEM or PFX file, with the certificates between it and the authority where there are any, or <c>store:SUBJECT</c>.
    /// </param>
    /// <param name="key">The key's PEM file; null where the certificate's file has it.</param>
    /// <param name="password">Opens a PFX file.</param>
    /// <param name="clientAuthority">
    /// A PEM file with the certificates that have signed those of the clients; null where clients need none.
    /// </param>
    /// <exception cref="CryptographicException">There is no such certificate.</exception>
    public static SslServerAuthenticationOptions Read(string certificate, string? key, string? password, string? clientAuthority)
    {
        // Clients know the authority at the end of the chain and nobody between, so the rest of the file is sent to them too.
        X509Certificate2Collection chain = [];
        X509Certificate2 own = ReadCertificate(certificate, key, password, chain);
        SslStreamCertificateContext context = SslStreamCertificateContext.Create(own, chain, offline: true);
        var options = new SslServerAuthenticationOptions { ServerCertificateContext = context };
        if (clientAuthority is not null)
        {
            options.ClientCertificateRequired = true;
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(clientAuthority);
        }

        return options;
    }

    private static X509Certificate2 ReadCertificate(string certificate, string? key, string? password, X509Certificate2Collection chain)
    {
        if (certificate.StartsWith("store:", StringComparison.Ordinal))
        {
            using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser, OpenFlags.ReadOnly);
            return store.Certificates.Find(
                X509FindType.FindBySubjectName, certificate[6..], validOnly: false).FirstOrDefault(c => c.HasPrivateKey)
                ?? throw new CryptographicException(
                    $"The user's certificate store has no certificate of '{certificate[6..]}' with a private key.");
        }

        if (certificate.EndsWith(".pfx", StringComparison.OrdinalIgnoreCase)
            || certificate.EndsWith(".p12", StringComparison.OrdinalIgnoreCase))
        {
            chain.AddRange(X509CertificateLoader.LoadPkcs12CollectionFromFile(certificate, password));
            return chain.FirstOrDefault(c => c.HasPrivateKey) ?? throw new CryptographicException($"'{certificate}' has no private key.");
        }

        chain.ImportFromPemFile(certificate);
        return X509Certificate2.CreateFromPemFile(certificate, key ?? certificate);
    }
}
