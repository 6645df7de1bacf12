import com.fasterxml.jackson.databind.JsonNode;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import org.apache.kafka.common.message.ApiMessageType;

/** One of the two brokers: a connection that is opened again when the broker closes it. */
final class Broker {
  static final int REPLY_MS = 10_000;
  final String address;
  private Socket socket;
  private int correlation;

  Broker(String address) {
    this.address = address;
  }

  /** The reply as JSON, or the text "closed", "silent" or what is wrong with its bytes. */
  JsonNode ask(ApiMessageType api, short version, JsonNode body) {
    ByteBuffer frame = Messages.request(api, version, ++correlation, body);
    try {
      if (socket == null)
        connect();
      socket.getOutputStream().write(frame.array(), 0, frame.limit());
      DataInputStream in = new DataInputStream(socket.getInputStream());
      byte[] reply = new byte[in.readInt()];
      in.readFully(reply);
      return decode(api, version, reply);
    } catch (SocketTimeoutException e) {
      close();
      return text("silent");
    } catch (EOFException | java.net.SocketException e) {
      close();
      return text("closed");
    } catch (IOException e) {
      throw new IllegalStateException(address + ": " + e.getMessage(), e);
    }
  }

  private JsonNode decode(ApiMessageType api, short version, byte[] reply) {
    // An ApiVersions request of an unknown version is answered in version 0.
    boolean known = version <= api.highestSupportedVersion(true);
    try {
      return Messages.reply(api, known ? version : 0, correlation, ByteBuffer.wrap(reply));
    } catch (RuntimeException e) {
      close();
      return text("undecodable: " + e.getMessage());
    }
  }

  private void connect() throws IOException {
    int colon = address.lastIndexOf(':');
    socket =
        new Socket(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(REPLY_MS);
  }

  void close() {
    try {
      if (socket != null)
        socket.close();
    } catch (IOException e) {
      // It is thrown away in any case.
    }
    socket = null;
  }

  private static JsonNode text(String s) {
    return Messages.JSON.getNodeFactory().textNode(s);
  }
}
